from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0002_portal_documents"),
    ]

    operations = [
        migrations.AddField(
            model_name="portal",
            name="channel",
            field=models.BooleanField(default=False, editable=False, verbose_name="looks after partners"),
        ),
    ]
