"""The shapes of what the API takes and gives, as pydantic models: the document is made from them, and bodies are judged by them.

What is given may have more keys than are told here; what is taken may not.
"""
