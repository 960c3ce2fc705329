from django.db import migrations


def begin_stays(apps, schema_editor):
    """Who has a portal has had it since the login was made, as far as is known."""
    User, PortalStay = apps.get_model("people", "User"), apps.get_model("people", "PortalStay")
    users = User.objects.using(schema_editor.connection.alias).exclude(portal=None)
    PortalStay.objects.using(schema_editor.connection.alias).bulk_create(
        (
            PortalStay(user_id=pk, portal_id=portal, since=since)
            for pk, portal, since in users.values_list("pk", "portal", "created_at").iterator()
        ),
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0003_portal_stays_and_seats"),
    ]

    operations = [
        migrations.RunPython(begin_stays, migrations.RunPython.noop),
    ]
