"""Charts of what a music service played, made of counts that a streaming step wrote."""
