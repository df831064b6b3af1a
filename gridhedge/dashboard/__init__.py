"""The screen of the running bot: reads ``gridhedge.engine.status``, decides nothing."""
