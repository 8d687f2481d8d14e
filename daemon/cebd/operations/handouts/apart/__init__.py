"""The templates and the manual are made in a process of its own: the libraries for it would stay in the station's for ever."""
