"""A synthetic world with known truth: mined land in open sea, maps of it with stated defects, accidents.

For demonstration, tests and for calibrating the statistics. Everything is made from one seed; nothing in it is a real
place. The world lies in the South Atlantic around 20 S 20 W, more than 800 km from any land.
"""
