"""Who may see and do what. The questions are asked in `prm.access.rights`; portals and grants are rows."""
