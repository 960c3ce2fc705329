"""State machines whose every change is guarded, recorded and refused by the database when it is not allowed.

The engine knows neither partners nor leads. What it needs of them (who may see and do what, who wants to
hear of a change) the applications fill in through `workflows.ports`.
"""
