"""The project of `trimtab demo flights`, copied out whole: a year of flights out of New York."""
