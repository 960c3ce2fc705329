from tests.frontend.conftest import as_user

__all__ = ["as_user"]
