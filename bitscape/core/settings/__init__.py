"""What can be set of each method: one file per method, named as its module in `bitscape/methods`."""
