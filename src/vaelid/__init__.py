"""vaelid"""
