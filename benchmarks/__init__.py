"""What Trimtab costs, measured: each script prints what it measured and on what machine."""
