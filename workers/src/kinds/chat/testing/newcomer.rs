//! What a newcomer asked, and was told wrongly.

use super::answerable::Set;

pub(in crate::kinds::chat) const SETS: [Set; 6] = [
    Set {
        documents: &[
            "# Torvald 750 pump\n\n## Warranty\n\nThe warranty lasts four years. It does not cover seals.\n\n## Data\n\nThe noise is 58 dB. Weight: 12 kg. It can stand outside.\n\n## Service\n\nPack the pump well. Send it to Torvald, 12 Mill Lane, Leeds. Replace the oil every 500 km.\n",
            "# Torvald 900 pump\n\n## Warranty\n\nThe warranty lasts six years.\n",
        ],
        answerable: &[
            ("How long does the warranty of the Torvald 750 last?", "four years"),
            ("noise of the Torvald 750", "58 dB"),
            ("How long does the warranty of the Torvald 900 last?", "six years"),
            ("How heavy is the pump?", "12 kg"),
            ("Are seals covered?", "seals"),
            ("After how many kilometres is the oil replaced?", "500 km"),
        ],
        unanswerable: &["How long does the warranty of the Torvald 800 last?"],
    },
    Set {
        documents: &[
            "# Guest house\n\n## Breakfast\n\nBreakfast is served from 6:30 to 10:00. It costs 18 euros.\n\n## Departure\n\nCheck-out is until 11 a.m. Late check-out until 2 p.m. costs 25 euros.\n\n## Internet\n\nThe network is called Guest. The password is on the key card.\n\n## Address\n\nThe house is at 12 Mill Lane. Guide dogs are welcome in the office.\n\n## Cars\n\nThere are 40 parking spaces. A permit costs 35 euros.\n",
        ],
        answerable: &[
            ("How much does breakfast cost?", "18 euros"),
            ("When is check-out?", "until 11 a.m."),
            ("What is the password of the network?", "key card"),
            ("What is the address?", "12 Mill Lane"),
            ("How much is a parking permit?", "35 euros"),
            ("How many parking spaces are there?", "40 parking"),
            ("Are dogs allowed in the office?", "dogs"),
        ],
        unanswerable: &["How much does dinner cost?"],
    },
    Set {
        documents: &[
            "# Phones\n\n## Prices\n\nThe Galaxy S21+ costs 900 euros. The Galaxy S21 costs 700 euros.\n\n## Courses\n\nThe course in C++ is on Monday. The course in C# is on Friday. The course in C is on Sunday.\n\n## Samples\n\nWe took 48 samples in May. They are stored at -20 °C. The reagents are stored at 20 °C. Invoice No. TT-4410 was sent. The cover has the art. no. 77-120.\n",
        ],
        answerable: &[
            ("How much is the Galaxy S21?", "S21 costs 700"),
            ("How much is the Galaxy S21+?", "S21+ costs 900"),
            ("When is the course in C++?", "C++ is on Monday"),
            ("When is the course in C#?", "C# is on Friday"),
            ("What is stored at -20 °C?", "-20 °C"),
            ("What is stored at 20 °C?", "reagents"),
            ("How many samples were taken?", "48 samples"),
            ("What is the invoice number?", "TT-4410"),
            ("What is the article number of the cover?", "77-120"),
        ],
        unanswerable: &["How much is the Galaxy S21 Lite?"],
    },
    Set {
        documents: &[
            "# Textiles\n\n## Articles\n\nArticle: BL-7; Name: Blanket Fjord; Country of origin: Norway; Price: 80 euros; Remarks: 140 x 200 cm, Washable at 40 °C\nArticle: RG-2; Name: Rug Dune; Country of origin: Morocco; Price: 120 euros; Remarks: 160 x 230 cm\n",
        ],
        answerable: &[
            ("What size is the blanket Fjord?", "140 x 200"),
            ("Where is the rug Dune made?", "Morocco"),
            ("At what temperature can I wash the blanket Fjord?", "40 °C"),
        ],
        unanswerable: &["What size is the carpet Lagoon?"],
    },
    Set {
        documents: &[
            "# Bibliothèque\n\n## Horaires\n\nLa bibliothèque est ouverte de 10 h à 18 h. Elle est fermée le lundi.\n\n## Prêts\n\nVous pouvez prendre 8 livres pour trois semaines.\n",
        ],
        answerable: &[
            ("La bibliothèque est-elle ouverte le lundi ?", "fermée le lundi"),
            ("Combien de livres puis-je emprunter ?", "8 livres"),
        ],
        unanswerable: &["Y a-t-il un café ?"],
    },
    Set {
        documents: &[
            "# Stadtbad\n\n## Zeiten\n\nDas Bad ist von 9 bis 20 Uhr geöffnet. Montags ist es geschlossen.\n\n## Eintritt\n\nErwachsene zahlen 6 Euro. Kinder zahlen 3 Euro.\n\n## Tiere\n\nHunde sind nicht gestattet.\n",
        ],
        answerable: &[
            ("Wann ist das Bad geschlossen?", "Montags"),
            ("Was kostet der Eintritt für Kinder?", "3 Euro"),
            ("Darf ich meinen Hund mitbringen?", "nicht gestattet"),
        ],
        unanswerable: &["Was kostet eine Massage?"],
    },
];
