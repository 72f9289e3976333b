"""What the code files of a project are like: read and judged before a cluster is paid for. Runs none of them."""
