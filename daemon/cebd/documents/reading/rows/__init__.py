"""From a sheet's rows to those of one record: what is no data, which rows belong together, which lines to which head."""
