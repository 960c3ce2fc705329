"""The JSON API: a few views, generic over the registry of modules."""
