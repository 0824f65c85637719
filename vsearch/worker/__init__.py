"""Workers: processes that take trials of studies and train several at the same time, each in a slot, on one device."""
