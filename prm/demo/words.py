"""Names and sentences of the demo company; all invented."""

PASSWORD = "demo-portal-2026"  # noqa: S105  # printed by the command, for a demo only

#: login, name, portal, company ("" for the vendor's people), job title, admin of the company.
CAST = (
    ("admin@vendor.example", "Ada Lindqvist", "administrator", "", "Head of channel operations", False),
    ("maria@vendor.example", "Maria Santos", "channel_manager", "", "Channel manager EMEA", False),
    ("nils@vendor.example", "Nils Berger", "channel_manager", "", "Channel manager Americas and APAC", False),
    ("erin@vendor.example", "Erin O'Shea", "employee", "", "Product marketing", False),
    ("alice@northwind.example", "Alice Moreau", "partner", "Northwind Systems", "Sales director", True),
    ("bob@northwind.example", "Bob Okafor", "partner", "Northwind Systems", "Account executive", False),
    ("carol@contoso.example", "Carol Nguyen", "partner", "Contoso Partners", "Managing partner", True),
)

#: name, regions, segments.
TERRITORIES = (
    ("Western Europe", ["EMEA", "Western Europe"], ["Mid-market", "Enterprise"]),
    ("Nordics and Baltics", ["EMEA", "Nordics"], ["Mid-market"]),
    ("North America", ["AMER", "North America"], ["Mid-market", "Enterprise", "Public sector"]),
    ("Asia Pacific", ["APAC"], ["Enterprise"]),
)

#: name, domain, country, city, tier, type, territory, channel manager's login, state in the end.
PARTNERS = (
    ("Northwind Systems", "northwind.example", "FR", "Lyon", "gold", "reseller", 0, "maria", "active"),
    ("Contoso Partners", "contoso.example", "DE", "Hamburg", "silver", "reseller", 0, "maria", "active"),
    ("Fjordlight Networks", "fjordlight.example", "NO", "Bergen", "platinum", "msp", 1, "maria", "active"),
    ("Kestrel & Vale", "kestrelvale.example", "GB", "Leeds", "gold", "reseller", 0, "maria", "active"),
    ("Baltica Datahus", "balticadatahus.example", "EE", "Tallinn", "silver", "msp", 1, "maria", "active"),
    (
        "Prairie Bridge IT",
        "prairiebridge.example",
        "US",
        "Omaha",
        "platinum",
        "distributor",
        2,
        "nils",
        "active",
    ),
    ("Harbor & Pine", "harborpine.example", "US", "Portland", "gold", "reseller", 2, "nils", "active"),
    ("Saguenay Conseil", "saguenay.example", "CA", "Québec", "silver", "reseller", 2, "nils", "active"),
    ("Red Cassia Digital", "redcassia.example", "SG", "Singapore", "gold", "msp", 3, "nils", "active"),
    (
        "Tarrawonga Tech",
        "tarrawonga.example",
        "AU",
        "Brisbane",
        "registered",
        "referral",
        3,
        "nils",
        "active",
    ),
    (
        "Ostra Klippan",
        "ostraklippan.example",
        "SE",
        "Malmö",
        "registered",
        "reseller",
        1,
        "maria",
        "onboarding",
    ),
    (
        "Grey Heron Supply",
        "greyheron.example",
        "US",
        "Tampa",
        "silver",
        "distributor",
        2,
        "nils",
        "suspended",
    ),
)

#: name, series, list price in USD.
PRODUCTS = (
    ("Beacon Switch 24", "Beacon", 1890),
    ("Beacon Switch 48", "Beacon", 3240),
    ("Beacon Access Point", "Beacon", 420),
    ("Anchor Firewall S", "Anchor", 2650),
    ("Anchor Firewall L", "Anchor", 11900),
    ("Tidewatch Monitoring", "Tidewatch", 5400),
    ("Harbour Backup 10 TB", "Harbour", 7800),
    ("Harbour Backup 50 TB", "Harbour", 24500),
)

#: what a customer needs: topic, need, product by its place in PRODUCTS.
NEEDS = (
    (
        "Network refresh for three offices",
        "Switches are out of support; wants one supplier for all floors.",
        1,
    ),
    ("Wi-Fi for a new warehouse", "Scanners lose the connection between the aisles.", 2),
    ("Firewall for branch offices", "Each branch has its own router today; wants one policy.", 3),
    ("Perimeter security for a data centre", "Audit found gaps; a decision is due this quarter.", 4),
    ("Monitoring of 400 devices", "Learns of outages from its customers today.", 5),
    ("Backup for a virtual platform", "Backups take longer than the night.", 6),
    ("Off-site copies for seven years", "A new rule asks for archives outside the building.", 7),
    ("Core switches for a campus", "Two buildings are joined next spring.", 1),
    ("Guest network for a hotel group", "Guests complain; eleven houses in two countries.", 2),
    ("Replacement of an old firewall cluster", "The maker has ended support.", 4),
    ("Network for a pop-up clinic", "Opens in eight weeks, for half a year.", 0),
    ("Visibility for a logistics hub", "Wants to see every link before the peak season.", 5),
    ("Backup after a ransom attack", "Was down for four days in the summer.", 6),
    ("Segmented network for a factory", "Machines and office share one network today.", 1),
    ("Second line of firewalls for a bank", "The regulator asks for two makers in a row.", 4),
    ("Wireless for a school campus", "Exams move online; every room must hold thirty tablets.", 2),
    ("Switches for a film studio", "Moves very large files between the stages.", 1),
    ("Watch over a water utility", "Pumping stations are spread over eighty kilometres.", 5),
    ("Backup for a family of clinics", "Images are kept for thirty years.", 7),
    ("Network in a listed building", "No new cables may show on the walls.", 2),
    ("Firewalls for forty shops", "Card payments must be apart from the rest.", 3),
    ("First network of a start-up", "Moves from a shared floor to its own.", 0),
    ("Archive for a publisher", "A century of prints is being scanned.", 6),
    ("Replacement after a flood", "The basement with all devices is gone.", 0),
)

SIZES = ("20-50 seats", "50-200 seats", "200-500 seats", "500-1,000 seats", "Over 1,000 seats")

COMPANY_HEADS = (
    "Alder", "Birchwood", "Calder", "Dunmore", "Eastgate", "Falkner", "Gillow", "Hathern", "Ivybridge",
    "Juniper", "Kelvin", "Larkfield", "Marlow", "Nettleton", "Orchard", "Pemberly", "Quarry", "Rowan",
    "Selwyn", "Thornbury",
)  # fmt: skip
COMPANY_TAILS = (
    "Logistics",
    "Clinics",
    "Foods",
    "Engineering",
    "Hotels",
    "Energy",
    "Media",
    "Textiles",
    "Schools",
)
INDUSTRIES = (
    "Logistics",
    "Health",
    "Food",
    "Manufacturing",
    "Hospitality",
    "Energy",
    "Media",
    "Retail",
    "Education",
)

FIRST_NAMES = (
    "Amara", "Bastien", "Chiara", "Dmitri", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Liam",
    "Mei", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Samuel", "Tove", "Uma", "Viktor", "Wanda", "Yusuf",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Bianchi", "Castell", "Dahl", "Eriksen", "Fontaine", "Gruber", "Haddad", "Ivanova", "Jansen",
    "Kowalski", "Lefevre", "Mbeki", "Novak", "Ortega", "Petit", "Quist", "Rinaldi", "Sato", "Tanaka",
)  # fmt: skip
STREETS = (
    "Mill Lane",
    "Station Road",
    "Harbour Street",
    "Church Street",
    "Market Square",
    "Canal Side",
    "High Street",
)

OFFER_REASONS = (
    "In your territory, and you have sold this series before.",
    "Nearest Gold partner with capacity this month.",
    "You know this industry well.",
    "They asked for a partner who installs on site.",
    "You answered the last three offers within a day.",
)
DECLINE_NOTES = ("Both engineers are booked until next month.", "Too far from our nearest office.", "")
NEXT_STEPS = (
    "Send the site survey",
    "Call after their board meeting",
    "Agree dates for the pilot",
    "Answer the security questionnaire",
    "Bring the vendor's engineer along",
    "Walk through the offer with purchasing",
)
NOTES = (
    "Spoke with the head of IT: budget is approved, three offers are being compared.",
    "They want to see a reference in the same industry before the summer.",
    "Decision moved by two weeks; purchasing is short of people.",
    "Sent the comparison they asked for. They like the monitoring most.",
    "Technical questions answered; the rest is price.",
)
TASKS = (
    ("call", "Call back about the dates"),
    ("meeting", "Site visit with their engineer"),
    ("task", "Prepare the comparison with the present supplier"),
    ("task", "Send the reference letter"),
    ("call", "Ask purchasing where the order is"),
)

QUOTE_NOTES = (
    "Delivery four weeks after the order; installation by our own people.",
    "Prices include the first year of support.",
    "Delivery to one address; more sites on request.",
    "",
)

AGREEMENT = """This is the partner agreement of the demo company. The partner sells and supports the vendor's
products in its territory and treats what it learns of customers in confidence. The vendor offers leads and
opportunities that fit, answers questions of the partner within two working days, and pays what the tier of
the partner promises. Either side may end the agreement with three months' notice."""

#: company, contact, email, country, type, what is to become of it.
REGISTRATIONS = (
    ("Contoso Partners GmbH", "Jens Albrecht", "jens@contoso.example", "DE", "reseller", "submitted"),
    ("Lumen Arc Solutions", "Sofia Reyes", "sofia@lumenarc.example", "ES", "msp", "submitted"),
    ("Blue Tern IT", "Callum Reid", "callum@bluetern.example", "GB", "reseller", "under_review"),
    ("Polder Automation", "Femke Visser", "femke@polder.example", "NL", "distributor", "returned"),
    ("One Evening Trading", "Pat Doe", "pat@oneevening.example", "US", "referral", "rejected"),
    ("Ostra Klippan", "Linnea Holm", "linnea@ostraklippan.example", "SE", "reseller", "approved"),
    ("Sierra Verde Redes", "Mateo Cruz", "mateo@sierraverde.example", "MX", "msp", "withdrawn"),
    ("Half Finished Ltd", "Robin Page", "robin@halffinished.example", "IE", "reseller", "draft"),
)

VENDOR = {
    "name": "Vendor Networks",
    "legal_name": "Vendor Networks Ltd",
    "street": "12 Harbourside",
    "postal_code": "BS1 5UH",
    "city": "Bristol",
    "country": "GB",
    "tax_id": "GB 000 0000 00",
    "registration": "Registered in England and Wales, no. 00000000",
    "email": "sales@vendor.example",
    "phone": "+441174960123",
    "website": "https://vendor.example",
    "quote_terms": (
        "Prices are without transport. Delivery within three weeks of the order. Payment within 30 days of "
        "the invoice, without deduction. Goods stay ours until they are paid."
    ),
}
