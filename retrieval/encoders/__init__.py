"""Encoders: text to vectors. Only modules in here import what runs them."""
