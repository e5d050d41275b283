"""What people see: static HTML that GitHub shows too, each with a plain-text form."""
