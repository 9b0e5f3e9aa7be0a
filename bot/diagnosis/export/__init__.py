"""Reports and alerts as files: a page, a bundle, samples that replay."""
