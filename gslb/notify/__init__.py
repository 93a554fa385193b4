"""Telling people and programs what happened: messages, their shapes for receivers, delivery, and the program that announces this node.

Used by `gslb.role.notifying` alone. Nothing here ever waits for a receiver in anybody's way, and no secret is ever logged.
"""
