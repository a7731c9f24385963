//! How often a small model answers what its passages answer, and what they do not.

/// Documents of a shop in one language, and questions about them.
pub(in crate::kinds::chat) struct Set {
    pub(in crate::kinds::chat) documents: &'static [&'static str],
    /// Each with a part of the right sentence.
    pub(in crate::kinds::chat) answerable: &'static [(&'static str, &'static str)],
    pub(in crate::kinds::chat) unanswerable: &'static [&'static str],
}

pub(in crate::kinds::chat) const SETS: [Set; 12] = [
    Set {
        // english
        documents: &[
            "# Harbour Bakery\n\n## Opening hours\n\n- Monday to Friday: 7:00 to 18:00\n- Saturday: 7:00 to 14:00\n- Sunday: closed\n\n## Parking\n\nCustomers may park behind the house for one hour. There are two spaces for bicycles.\n\n## Allergens\n\nThe nut bread contains hazelnuts and walnuts. The spelt rolls are free of milk.\n",
            "# Orders\n\n## Prices\n\n| Product | Price |\n|---|---|\n| Rye bread | 4.20 euros |\n| Croissant | 1.60 euros |\n| Apple cake | 18.00 euros |\n\n## Delivery\n\nWe deliver orders of 30 euros or more within five kilometres. Delivery costs 4 euros and takes one day.\n\n## Returns\n\nUnopened goods can be returned within 14 days. Refunds are paid within five business days.\n",
        ],
        answerable: &[
            ("When do you open on Saturday?", "Saturday: 7:00"),
            ("Are you closed on Sundays?", "Sunday: closed"),
            ("Where can I park my car?", "park behind"),
            ("Which nuts are in the nut bread?", "hazelnuts"),
            ("How much is the rye bread?", "Rye bread"),
            ("What do croissants cost?", "Croissant"),
            ("How long does delivery take?", "takes one day"),
            ("How many days do I have to return something?", "14 days"),
            ("Is there milk in the spelt rolls?", "free of milk"),
            ("When will I get my refund?", "business days"),
            ("price of an apple cake", "Apple cake"),
        ],
        unanswerable: &[
            "How much is a taxi?",
            "Who is the mayor?",
            "What does butter cost?",
            "Do you sell gift cards?",
            "What is the capital of Australia?",
            "Can I pay with a credit card?",
            "How long is the warranty?",
            "Who bakes the wedding cakes?",
            "What is the phone number of the bakery?",
            "Is the lemon cake vegan?",
            "How many people work here?",
        ],
    },
    Set {
        // german
        documents: &[
            "# Fahrradladen Nord\n\n## Öffnungszeiten\n\nWir haben montags bis freitags von 9 bis 18 Uhr geöffnet. Am Samstag schließt der Laden um 14 Uhr.\n\n## Garantie\n\nAuf neue Fahrräder geben wir drei Jahre Garantie. Der Akku ist zwei Jahre lang garantiert.\n\n## Werkstatt\n\nEine Inspektion dauert etwa zwei Stunden. Ersatzräder verleihen wir kostenlos.\n",
            "# Preise und Versand\n\n## Preise\n\n| Ware | Preis |\n|---|---|\n| Fahrradschlauch | 7,90 € |\n| Kettenöl | 5,50 € |\n| Helm | 49,00 € |\n\n## Lieferung\n\nDie Lieferung innerhalb Deutschlands dauert ca. 3 Tage. Der Versand kostet 6 Euro, ab 80 Euro ist er frei.\n\n## Rückgabe\n\nUnbenutzte Artikel können innerhalb von 30 Tagen zurückgegeben werden.\n",
        ],
        answerable: &[
            ("Wann haben Sie geöffnet?", "9 bis 18 Uhr"),
            ("Wann macht ihr am Samstag zu?", "um 14 Uhr"),
            ("Wie lange ist die Garantie auf Fahrräder?", "drei Jahre"),
            ("Wie lange hält die Garantie des Akkus?", "zwei Jahre"),
            ("Was kostet ein Helm?", "Helm"),
            ("Wie teuer ist Kettenöl?", "Kettenöl"),
            ("Wie lange dauert die Lieferung?", "3 Tage"),
            ("Kann ich einen Artikel zurückgeben?", "30 Tagen"),
            ("Was kostet der Versand?", "6 Euro"),
            ("Wie lange dauert eine Inspektion?", "zwei Stunden"),
            ("Verleihen Sie auch Räder?", "kostenlos"),
        ],
        unanswerable: &[
            "Was kostet Butter?",
            "Wie viel kostet ein Taxi?",
            "Wer ist der Bürgermeister?",
            "Was ist die Hauptstadt von Australien?",
            "Haben Sie auch größere Räder für Kinder?",
            "Gibt es Parkplätze?",
            "Wie lautet die Telefonnummer?",
            "Wie lange dauert die Lieferung nach Österreich?",
            "Kann ich mit Kreditkarte zahlen?",
            "Was kostet ein Sattel?",
            "Sind Hunde erlaubt?",
        ],
    },
    Set {
        // french
        documents: &[
            "# Hôtel du Lac\n\n## Horaires\n\nLa réception est ouverte de 7 h à 22 h. Le petit-déjeuner est servi de 8 h à 10 h.\n\n## Chambres\n\nLa chambre double coûte 90 euros par nuit. Toutes les chambres ont une vue sur le lac.\n\n## Animaux\n\nLes chiens sont acceptés pour 8 euros par nuit.\n",
            "# Services\n\n## Parking\n\nLe parking de l'hôtel est gratuit. Une borne de recharge est à votre disposition.\n\n## Annulation\n\nUne réservation peut être annulée sans frais jusqu'à trois jours avant l'arrivée.\n\n## Restaurant\n\nLe menu du soir contient du gluten et du lait. Le restaurant est fermé le lundi.\n",
        ],
        answerable: &[
            ("Quand la réception est-elle ouverte ?", "7 h à 22 h"),
            ("À quelle heure servez-vous le petit-déjeuner ?", "8 h à 10 h"),
            ("Combien coûte une chambre double ?", "90 euros"),
            ("Est-ce que vous acceptez les chiens ?", "chiens"),
            ("Le parking est-il payant ?", "gratuit"),
            ("Comment annuler ma réservation ?", "annulée"),
            ("Quel jour le restaurant ferme-t-il ?", "lundi"),
            ("Y a-t-il du lait dans le menu ?", "lait"),
            ("Quel est le prix de la chambre double ?", "90 euros"),
            ("Les chambres ont-elles une vue sur le lac ?", "vue"),
            ("Le restaurant est-il fermé le lundi ?", "lundi"),
        ],
        unanswerable: &[
            "Combien coûte le beurre ?",
            "Combien coûte un taxi ?",
            "Qui est le maire ?",
            "Quelle est la capitale de l'Australie ?",
            "Y a-t-il une piscine ?",
            "Quel est le numéro de téléphone ?",
            "Peut-on louer des vélos ?",
            "Combien coûte la chambre familiale ?",
            "Le wifi est-il rapide ?",
            "Où se trouve la gare ?",
            "Acceptez-vous les chèques ?",
        ],
    },
    Set {
        // spanish
        documents: &[
            "# Museo del Mar\n\n## Horario\n\nEl museo abre de martes a domingo de 10 a 19 horas. Los lunes está cerrado.\n\n## Entradas\n\nLa entrada general cuesta 8 euros. Los niños menores de 12 años entran gratis.\n\n## Visitas\n\nLas visitas guiadas duran una hora y empiezan a las 11.\n",
            "# Tienda y aparcamiento\n\n## Aparcamiento\n\nEl aparcamiento está detrás del museo y cuesta 2 euros por hora.\n\n## Envíos\n\nEnviamos libros a toda España en tres días. Las devoluciones se aceptan durante 15 días.\n\n## Cafetería\n\nLas tartas de la cafetería contienen huevo y nueces.\n",
        ],
        answerable: &[
            ("¿Cuándo abre el museo?", "10 a 19"),
            ("¿Está abierto los lunes?", "lunes"),
            ("¿Cuánto cuesta la entrada?", "8 euros"),
            ("¿Los niños pagan entrada?", "gratis"),
            ("¿Cuánto duran las visitas guiadas?", "una hora"),
            ("¿Dónde puedo aparcar?", "detrás"),
            ("¿Enviáis libros a España?", "tres días"),
            ("¿Qué alérgenos contienen las tartas?", "huevo"),
            ("¿Cuánto vale el aparcamiento?", "2 euros"),
            ("¿Aceptan devoluciones?", "15 días"),
            ("¿A qué hora empiezan las visitas?", "11"),
        ],
        unanswerable: &[
            "¿Cuánto cuesta la mantequilla?",
            "¿Cuánto cuesta un taxi?",
            "¿Quién es el alcalde?",
            "¿Cuál es la capital de Australia?",
            "¿Hay guardarropa?",
            "¿Cuál es el número de teléfono?",
            "¿Puedo pagar con tarjeta?",
            "¿Se admiten perros?",
            "¿Tienen audioguías en francés?",
            "¿Cuánto cuesta el catálogo?",
            "¿Quién fundó la empresa?",
        ],
    },
    Set {
        // dutch
        documents: &[
            "# Wasserij De Schone Was\n\n## Openingstijden\n\nDe winkel is open van maandag tot en met vrijdag van 8 tot 17 uur. Op zaterdag sluiten wij om 13 uur.\n\n## Tarieven\n\nEen overhemd wassen kost 3 euro. Een gordijn kost 12 euro per meter.\n\n## Betaling\n\nU betaalt met pin of contant.\n",
            "# Bezorging en garantie\n\n## Bezorgen\n\nWij bezorgen schone kleding binnen twee dagen. Bezorging is gratis vanaf 40 euro.\n\n## Garantie\n\nOp beschadigde kleding geldt een garantie van zes maanden.\n\n## Parkeren\n\nVoor de deur zijn drie parkeerplaatsen.\n",
        ],
        answerable: &[
            ("Wanneer is de winkel open?", "8 tot 17"),
            ("Hoe laat sluiten jullie op zaterdag?", "13 uur"),
            ("Wat kost een overhemd?", "3 euro"),
            ("Hoeveel kosten gordijnen?", "12 euro"),
            ("Hoe kan ik betalen?", "pin"),
            ("Wanneer wordt mijn kleding bezorgd?", "twee dagen"),
            ("Hoe lang is de garantie?", "zes maanden"),
            ("Waar kan ik parkeren?", "parkeerplaatsen"),
            ("Is de bezorging gratis?", "gratis"),
            ("Wat zijn de openingstijden?", "8 tot 17"),
            ("Kan ik contant betalen?", "contant"),
        ],
        unanswerable: &[
            "Wat kost boter?",
            "Hoeveel kost een taxi?",
            "Wie is de burgemeester?",
            "Wat is de hoofdstad van Australië?",
            "Wat is het telefoonnummer?",
            "Verkopen jullie wasmiddel?",
            "Wat kost een tapijt?",
            "Werken jullie met biologische zeep?",
            "Heeft u een vacature?",
            "Mogen honden naar binnen?",
            "Hoeveel kost een bruidsjurk?",
        ],
    },
    Set {
        // polish
        documents: &[
            "# Księgarnia Pod Lipą\n\n## Godziny otwarcia\n\nKsięgarnia jest otwarta od poniedziałku do piątku w godzinach od 9 do 18. W niedzielę jest nieczynna.\n\n## Cennik\n\n| Towar | Cena |\n|---|---|\n| Mapa Krakowa | 25 zł |\n| Kalendarz | 30 zł |\n| Zakładka | 5 zł |\n\n## Parking\n\nParking dla klientów znajduje się za budynkiem.\n",
            "# Dostawa i zwroty\n\n## Dostawa\n\nDostawa trwa dwa dni i kosztuje 12 zł. Powyżej 150 zł dostawa jest bezpłatna.\n\n## Zwroty\n\nKsiążki można zwrócić w ciągu czternastu dni od zakupu.\n\n## Kawiarnia\n\nCiasta w kawiarni zawierają orzechy i mleko.\n",
        ],
        answerable: &[
            ("Kiedy księgarnia jest otwarta?", "od 9 do 18"),
            ("Ile kosztuje kalendarz?", "Kalendarz"),
            ("Ile kosztuje mapa Krakowa?", "Mapa Krakowa"),
            ("Gdzie jest parking?", "za budynkiem"),
            ("Jak długo trwa dostawa?", "dwa dni"),
            ("Czy mogę zwrócić książkę?", "czternastu"),
            ("Czy ciasta zawierają orzechy?", "orzechy"),
            ("Ile kosztuje dostawa?", "12 zł"),
            ("Jakie są godziny otwarcia?", "od 9 do 18"),
            ("Jaka jest cena zakładki?", "Zakładka"),
            ("Czy w niedzielę jest otwarte?", "nieczynna"),
        ],
        unanswerable: &[
            "Ile kosztuje masło?",
            "Ile kosztuje taksówka?",
            "Kto jest burmistrzem?",
            "Jaka jest stolica Australii?",
            "Jaki jest numer telefonu?",
            "Czy można płacić kartą?",
            "Czy sprzedajecie gry planszowe?",
            "Ile kosztuje atlas świata?",
            "Czy macie toaletę?",
            "Czy wolno wejść z psem?",
            "Kto jest właścicielem?",
        ],
    },
    // These were written when the rules had been made with those above.
    Set {
        documents: &[
            "# Town Library\n\n## Membership\n\nA library card is free for residents. Visitors pay 12 euros a year.\n\n## Loans\n\nBooks are lent for four weeks, films for one week. Loans can be renewed twice. Each day of delay costs 20 cents.\n\n## Building\n\nThe lift is next to the entrance. Coffee is served on the second floor.\n",
        ],
        answerable: &[
            ("Is the library card free?", "free for residents"),
            ("How long may I keep a film?", "films for one week"),
            ("How often can I renew a loan?", "renewed twice"),
            ("Where is the lift?", "next to the entrance"),
        ],
        unanswerable: &[
            "Is there a playground?",
            "How much does printing cost?",
            "Who is the director?",
            "Can I reserve a study room?",
        ],
    },
    Set {
        documents: &[
            "# Schwimmbad am See\n\n## Eintritt\n\nErwachsene zahlen 5 Euro, Kinder unter 6 Jahren haben freien Eintritt.\n\n## Kurse\n\nDer Schwimmkurs für Anfänger beginnt am 3. Mai. Er umfasst zehn Stunden.\n\n## Regeln\n\nHunde dürfen nicht auf die Liegewiese. Rauchen ist im ganzen Bad verboten.\n",
        ],
        answerable: &[
            ("Wie viel kostet der Eintritt für Erwachsene?", "5 Euro"),
            ("Wann beginnt der Schwimmkurs?", "3. Mai"),
            ("Darf man im Bad rauchen?", "verboten"),
            ("Sind Hunde auf der Wiese erlaubt?", "Liegewiese"),
        ],
        unanswerable: &[
            "Gibt es eine Sauna?",
            "Was kostet eine Pizza?",
            "Wie warm ist das Wasser?",
            "Wer leitet die Feuerwehr?",
        ],
    },
    Set {
        documents: &[
            "# Cabinet dentaire\n\n## Rendez-vous\n\nLes rendez-vous se prennent par téléphone au 01 55 55 01 10. Un rendez-vous manqué est facturé 25 euros.\n\n## Accès\n\nLe cabinet est au deuxième étage, avec ascenseur. La station de métro Bastille est à cinq minutes.\n",
        ],
        answerable: &[
            ("Comment prendre un rendez-vous ?", "téléphone"),
            ("À quel étage est le cabinet ?", "deuxième"),
            ("Y a-t-il un ascenseur ?", "ascenseur"),
            ("Quelle est la station de métro ?", "Bastille"),
        ],
        unanswerable: &[
            "Combien coûte un détartrage ?",
            "Qui est le président ?",
            "Le cabinet soigne-t-il les enfants ?",
            "Avez-vous une pharmacie ?",
        ],
    },
    Set {
        documents: &[
            "# Alquiler de bicicletas\n\n## Precios\n\nUna bicicleta eléctrica cuesta 25 euros al día. El casco está incluido.\n\n## Condiciones\n\nLa fianza es de 100 euros. Las bicicletas se devuelven antes de las 20 horas. El seguro cubre los robos.\n",
        ],
        answerable: &[
            ("¿Cuánto cuesta una bicicleta eléctrica?", "25 euros"),
            ("¿Está incluido el casco?", "casco"),
            ("¿Cuánto es la fianza?", "100 euros"),
            ("¿El seguro cubre el robo?", "robos"),
        ],
        unanswerable: &[
            "¿Cuánto cuesta un patinete?",
            "¿Hay rutas para niños?",
            "¿Quién es el dueño?",
            "¿Cuál es el horario del mercado?",
        ],
    },
    Set {
        documents: &[
            "# Sportschool Fit\n\n## Lidmaatschap\n\nEen abonnement kost 29 euro per maand. Studenten krijgen 20 procent korting.\n\n## Lessen\n\nDe yogalessen zijn op dinsdag om 19 uur. De sauna is gesloten in de zomer.\n",
        ],
        answerable: &[
            ("Hoeveel kost een abonnement?", "29 euro"),
            ("Krijgen studenten korting?", "20 procent"),
            ("Wanneer zijn de yogalessen?", "dinsdag"),
            ("Is de sauna in de zomer open?", "gesloten"),
        ],
        unanswerable: &[
            "Is er een zwembad?",
            "Wat kost een personal trainer?",
            "Wie is de koning?",
            "Verhuren jullie handdoeken?",
        ],
    },
    Set {
        documents: &[
            "# Hotel Górski\n\n## Pokoje\n\nPokój dwuosobowy kosztuje 300 zł za noc. W każdym pokoju jest lodówka.\n\n## Usługi\n\nŚniadanie podajemy od 7 do 10. Sauna jest czynna do 22. Zwierzęta przyjmujemy za dopłatą 40 zł.\n",
        ],
        answerable: &[
            ("Ile kosztuje pokój dwuosobowy?", "300 zł"),
            ("O której jest śniadanie?", "od 7 do 10"),
            ("Czy w pokoju jest lodówka?", "lodówka"),
            ("Do której czynna jest sauna?", "22"),
        ],
        unanswerable: &[
            "Czy jest basen?",
            "Ile kosztuje masaż?",
            "Kto jest prezydentem?",
            "Czy można wypożyczyć narty?",
        ],
    },
];
