"""What makes the pages that `make docs` builds: pages from the code, pictures, and the site's own links."""
