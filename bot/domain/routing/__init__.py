"""Where alerts are posted and whom they wake."""
