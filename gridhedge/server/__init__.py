"""Many users through a REST API, over the same sessions that ``gridhedge run`` uses."""
