"""Runs a web page as a port: a program that speaks the protocol, and asks the page in Chromium."""
