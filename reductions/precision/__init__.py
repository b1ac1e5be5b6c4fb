"""Numbers that instances of attention are built with: levels, units, tolerances, and what decides a row."""
