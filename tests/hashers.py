from django.contrib.auth.hashers import Argon2PasswordHasher


class CheapArgon2(Argon2PasswordHasher):
    """The real kind, which a served application can check, without its price for a thousand logins."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
