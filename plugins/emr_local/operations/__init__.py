"""The operations of the EMR API, a module for each kind of resource."""
