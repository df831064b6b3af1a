"""What a MetaTrader 5 terminal offers to Python: names, structures, and ways to reach one."""
