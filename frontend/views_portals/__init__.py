"""Pages on which administrators decide what each portal shows and lets its users do."""
