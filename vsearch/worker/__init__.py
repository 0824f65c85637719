"""Workers: processes that take trials of studies and train them on one device."""
