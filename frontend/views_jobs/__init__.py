"""Pages made for one job each; everything generic over the modules lives in ``frontend.views``."""
