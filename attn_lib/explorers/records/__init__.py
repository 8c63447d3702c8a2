"""What each explorer shows: one explorer, one file, from its controls to the values it draws."""
