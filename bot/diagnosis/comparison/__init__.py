"""One comparison on its way through every service, as rows and logs show it."""
