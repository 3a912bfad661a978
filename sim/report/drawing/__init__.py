"""The plots of the report: a module each, named as its class names itself; a new file is in the report."""
