"""This machine and this process: Java, whose server it is and who uses it, why it cannot start."""
