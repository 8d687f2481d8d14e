"""From a taken file to its messages: the engine that carries the work, the steps of the work, and what broke off."""
