"""A subject is found by its folder alone."""

from pathlib import Path

from django.conf import settings

from prm.config.environment import more_subjects


def test_a_folder_with_a_module_is_found(tmp_path):
    for name in ("leads", "vehicles", "words"):
        (tmp_path / "prm" / name).mkdir(parents=True)
    for name in ("leads", "vehicles"):
        (tmp_path / "prm" / name / "module.py").touch()
    assert more_subjects(tmp_path / "prm", ["prm.leads"]) == ["prm.vehicles"]


def test_every_subject_of_the_project_is_installed():
    described = {f"prm.{path.parent.name}" for path in Path(settings.BASE_DIR, "prm").glob("*/module.py")}
    assert described <= set(settings.INSTALLED_APPS)
