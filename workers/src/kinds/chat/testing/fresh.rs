//! More documents, of other kinds: manuals, tables, rules of a house. The questions were written before any was asked.

use super::answerable::Set;

pub(in crate::kinds::chat) const SETS: [Set; 12] = [
    Set {
        documents: &[
            "# Kestrel 420 cordless drill\n\n## Technical data\n\n| Property | Value |\n|---|---|\n| Voltage | 18 V |\n| Weight | 1.6 kg |\n| Torque | 55 Nm |\n| Noise level | 84 dB |\n\n## Battery\n\nThe battery is charged in 45 minutes. It lasts for about 300 screws. Never store it below -10 °C. Charge it at 10 °C or more.\n\n## Guarantee\n\nThe guarantee lasts three years. It does not cover drill bits. Send the drill to Kestrel Service, 8 Dock Street, Hull.\n",
            "# Kestrel 420+ hammer drill\n\n## Technical data\n\n| Property | Value |\n|---|---|\n| Voltage | 36 V |\n| Weight | 2.9 kg |\n| Torque | 90 Nm |\n\n## Guarantee\n\nThe guarantee lasts five years.\n",
        ],
        answerable: &[
            ("How long is the guarantee of the Kestrel 420?", "three years"),
            ("How heavy is the Kestrel 420?", "1.6 kg"),
            ("How heavy is the Kestrel 420+?", "2.9 kg"),
            ("What is the torque of the Kestrel 420+?", "90 Nm"),
            ("How loud is the Kestrel 420?", "84 dB"),
            ("How long does it take to charge the battery?", "45 minutes"),
            ("How many screws can I drive with one charge of the battery?", "300 screws"),
            ("Are drill bits covered by the guarantee?", "drill bits"),
            ("At what temperature may I charge it?", "at 10 °C"),
            ("What is the address of the service?", "8 Dock Street"),
        ],
        unanswerable: &[
            "What is the voltage of the Kestrel 430?",
            "What does the Kestrel 420 cost?",
            "How long is the cable of the Kestrel 420?",
        ],
    },
    Set {
        documents: &[
            "# Staff handbook\n\n## Holidays\n\nEvery employee has 28 days of paid leave a year. Up to five unused days may be taken into the next year.\n\n## Remote work\n\nYou may work from home on two days a week. Please tell your manager a day before.\n\n## Canteen\n\nLunch is served from 11:30 to 13:30. It costs 4.80 euros.\n\n## Guest network\n\nVisitors use the network Maple-Guest. The password is on the board in the kitchen.\n\n## Bicycles\n\nBicycles are kept in the cellar. They must not stand in the corridor. Cats and dogs are not permitted in the building.\n\n## Sick leave\n\nA doctor's certificate is needed from the third day. Hand it in to Ms Okafor.\n",
        ],
        answerable: &[
            ("How many days of leave do I get?", "28 days"),
            ("How many unused days can I take into next year?", "five unused days"),
            ("How often can I work from home?", "two days a week"),
            ("How much does lunch cost?", "4.80 euros"),
            ("When is lunch served?", "11:30"),
            ("What is the password of the guest network?", "board in the kitchen"),
            ("Where do I keep my bicycle?", "cellar"),
            ("Are dogs allowed in the building?", "not permitted"),
            ("When do I need a doctor's certificate?", "third day"),
            ("Who do I hand the certificate to?", "Okafor"),
        ],
        unanswerable: &[
            "How much is the bonus?",
            "Who is the head of sales?",
            "Is there a gym in the building?",
            "How much does a bicycle cost?",
        ],
    },
    Set {
        documents: &[
            "# Garden tools\n\n## Stock\n\nItem: GT-11; Name: Spade Otter; Made in: Sweden; Remarks: blade 18 cm, ash handle; Stock: 14\nItem: GT-12; Name: Rake Heron; Made in: Poland; Remarks: 16 teeth; Stock: 0\nItem: GT-13; Name: Shears Lynx; Made in: Japan; Remarks: for branches up to 25 mm; Stock: 7\n\n## Ordering\n\nOrders placed by noon leave the same day. Invoice no. GT-2291 was paid on 4 March. Art. no. 60-118 is the spare blade.\n",
        ],
        answerable: &[
            ("Where is the spade Otter made?", "Sweden"),
            ("How many teeth does the rake Heron have?", "16 teeth"),
            ("What branches can the shears Lynx cut?", "25 mm"),
            ("How many Lynx shears are in stock?", "Stock: 7"),
            ("How wide is the blade of the spade Otter?", "18 cm"),
            ("What is the invoice number?", "GT-2291"),
            ("What is the article number of the spare blade?", "60-118"),
            ("When was the invoice paid?", "4 March"),
        ],
        unanswerable: &["Where is the axe Badger made?", "How many hoses are in stock?", "Who writes the invoices?"],
    },
    Set {
        documents: &[
            "# Soil survey 2024\n\n## Method\n\nThe team took 64 cores along the river Wend. Each core was 30 cm long. The cores were kept at -18 °C. They were dried at 105 °C.\n\n## Results\n\nThe mean pH was 6.2. Lead was found in nine cores. Dr. Amara Lind wrote the report in May 2025.\n\n## Equipment\n\nThe probe weighs 11 kg and runs for six hours. Replace the filter every 2,000 km of the van.\n",
        ],
        answerable: &[
            ("How many cores were taken?", "64 cores"),
            ("How long was each core?", "30 cm"),
            ("What was kept at -18 °C?", "-18 °C"),
            ("At what temperature were the cores dried?", "105 °C"),
            ("Who wrote the report?", "Amara Lind"),
            ("How heavy is the probe?", "11 kg"),
            ("In how many cores was lead found?", "nine cores"),
            ("After how many kilometres is the filter replaced?", "2,000 km"),
            ("What was the pH?", "6.2"),
        ],
        unanswerable: &["How much did the survey cost?", "Was mercury found?", "Who drove the van?"],
    },
    Set {
        documents: &[
            "# Campingplatz Waldsee\n\n## Anreise\n\nDie Anreise ist ab 15 Uhr möglich. Eine frühe Anreise ab 12 Uhr kostet 10 Euro. Die Abreise ist bis 11 Uhr.\n\n## Preise\n\nErwachsene zahlen 9 Euro pro Nacht. Für Kinder unter 14 Jahren sind es 5 Euro. Hunde sind an der Leine willkommen. Sie kosten 3 Euro pro Nacht.\n\n## Laden\n\nDer Laden ist täglich von 8 bis 18 Uhr geöffnet. Montags bleibt er geschlossen.\n\n## Duschen\n\nDie Duschen sind rund um die Uhr warm. Eine Waschmaschine steht im Haus 2.\n",
        ],
        answerable: &[
            ("Ab wann kann ich anreisen?", "ab 15 Uhr"),
            ("Bis wann muss ich abreisen?", "bis 11 Uhr"),
            ("Was kostet eine Nacht für Kinder?", "5 Euro"),
            ("Was zahlen Erwachsene?", "9 Euro"),
            ("Darf ich meinen Hund mitbringen?", "willkommen"),
            ("Was kostet ein Hund pro Nacht?", "3 Euro"),
            ("Wann ist der Laden geschlossen?", "Montags"),
            ("Wann hat der Laden geöffnet?", "8 bis 18 Uhr"),
            ("Wo steht die Waschmaschine?", "Haus 2"),
        ],
        unanswerable: &["Was kostet ein Boot?", "Gibt es einen Spielplatz?", "Wer ist der Platzwart?"],
    },
    Set {
        documents: &[
            "# Waschmaschine Arktis 9000\n\n## Technische Daten\n\nGewicht: 72 kg\n\nLautstärke: 71 dB\n\nHöhe: 85 cm\n\n## Garantie\n\nDie Garantie beträgt vier Jahre. Sie gilt nicht für Dichtungen.\n\n## Reinigung\n\nDas Sieb wird alle drei Monate gereinigt. Es sitzt hinter der unteren Klappe.\n\n## Kundendienst\n\nDer Kundendienst ist unter 0800 555 01 22 erreichbar. Frau Petersen hilft bei Fragen zu Ersatzteilen.\n",
        ],
        answerable: &[
            ("Wie schwer ist die Arktis 9000?", "72 kg"),
            ("Wie laut ist die Arktis 9000?", "71 dB"),
            ("Wie hoch ist die Maschine?", "85 cm"),
            ("Wie lange ist die Garantie der Arktis 9000?", "vier Jahre"),
            ("Gilt die Garantie auch für Dichtungen?", "Dichtungen"),
            ("Wie oft muss ich das Sieb reinigen?", "drei Monate"),
            ("Wo sitzt das Sieb?", "hinter der unteren Klappe"),
            ("Wie erreiche ich den Kundendienst?", "0800"),
            ("Wer hilft bei Ersatzteilen?", "Petersen"),
        ],
        unanswerable: &["Was kostet die Arktis 9000?", "Wie schwer ist die Arktis 8000?", "Hat sie einen Trockner?"],
    },
    Set {
        documents: &[
            "# Salle de sport Le Ring\n\n## Abonnements\n\nL'abonnement mensuel se résilie à tout moment. Il coûte 39 euros. Les étudiants paient 29 euros.\n\n## Horaires\n\nLa salle est ouverte de 6 h à 23 h. Elle est fermée le dimanche.\n\n## Cours\n\nLe cours de yoga dure 50 minutes et réunit 12 personnes. Nadia Ferhat donne le cours de boxe.\n\n## Serviettes\n\nUne serviette est obligatoire. Les membres peuvent emprunter 2 serviettes par visite.\n",
        ],
        answerable: &[
            ("Combien coûte l'abonnement ?", "39 euros"),
            ("Quel est le tarif pour les étudiants ?", "29 euros"),
            ("La salle est-elle ouverte le dimanche ?", "dimanche"),
            ("À quelle heure ouvre la salle ?", "6 h à 23 h"),
            ("Combien de temps dure le cours de yoga ?", "50 minutes"),
            ("Qui donne le cours de boxe ?", "Nadia"),
            ("Combien de serviettes puis-je emprunter ?", "2 serviettes"),
            ("Combien de personnes y a-t-il au cours de yoga ?", "12 personnes"),
        ],
        unanswerable: &["Y a-t-il un sauna ?", "Combien coûte le cours de danse ?", "Qui est le directeur ?"],
    },
    Set {
        documents: &[
            "# Clínica veterinaria Roble\n\n## Citas\n\nLas citas se piden por teléfono o en la web. Cuestan 30 euros.\n\n## Horario\n\nAtendemos de lunes a viernes de 9 a 20 horas. Los sábados cerramos a las 14 horas. Los domingos está cerrado.\n\n## Vacunas\n\nLa vacuna de la rabia se pone cada año. Vale 25 euros. Los cachorros reciben 3 dosis.\n\n## Equipo\n\nLa doctora Inés Prado opera los jueves. La dirección es calle Olmo 14.\n",
        ],
        answerable: &[
            ("¿Cuánto cuesta una cita?", "30 euros"),
            ("¿Cómo pido una cita?", "por teléfono"),
            ("¿Está abierto el domingo?", "domingos"),
            ("¿A qué hora cierran los sábados?", "14 horas"),
            ("¿Cuánto cuesta la vacuna de la rabia?", "25 euros"),
            ("¿Cuántas dosis reciben los cachorros?", "3 dosis"),
            ("¿Quién opera los jueves?", "Inés Prado"),
            ("¿Cuál es la dirección?", "calle Olmo"),
        ],
        unanswerable: &["¿Cuánto cuesta una radiografía?", "¿Venden pienso?", "¿Quién es el dueño?"],
    },
    Set {
        documents: &[
            "# Traghetto Isola Verde\n\n## Orari\n\nIl traghetto parte alle 8, alle 12 e alle 17. Il martedì non parte.\n\n## Biglietti\n\nIl biglietto di andata e ritorno si compra a bordo. Costa 14 euro. I bambini sotto i 4 anni viaggiano gratis.\n\n## Biciclette\n\nLe biciclette viaggiano sul ponte. Il supplemento è di 5 euro.\n\n## Bagagli\n\nSono ammessi 2 bagagli a persona. La traversata dura 40 minuti.\n",
        ],
        answerable: &[
            ("A che ora parte il traghetto?", "alle 8"),
            ("Quanto costa il biglietto?", "14 euro"),
            ("I bambini pagano?", "gratis"),
            ("Quanti bagagli posso portare?", "2 bagagli"),
            ("Quanto dura la traversata?", "40 minuti"),
            ("Il traghetto parte il martedì?", "martedì non"),
            ("Quanto costa il supplemento per le biciclette?", "5 euro"),
        ],
        unanswerable: &["C'è un ristorante a bordo?", "Chi è il capitano?", "Quanto costa portare un'auto?"],
    },
    Set {
        documents: &[
            "# Cameraverhuur Lens\n\n## Huren\n\nEen camera huurt u per dag. Hij kost 35 euro. De borg is 200 euro.\n\n## Ophalen\n\nOphalen kan vanaf 9 uur. Ophalen op zondag kost 15 euro extra. Terugbrengen kan tot 18 uur.\n\n## Toebehoren\n\nBij elke camera horen 2 accu's. Een statief weegt 1,4 kg. Op maandag zijn wij gesloten.\n",
        ],
        answerable: &[
            ("Hoeveel kost een camera?", "35 euro"),
            ("Hoe hoog is de borg?", "200 euro"),
            ("Wanneer kan ik de camera ophalen?", "vanaf 9 uur"),
            ("Tot wanneer kan ik hem terugbrengen?", "18 uur"),
            ("Hoeveel accu's krijg ik?", "2 accu"),
            ("Hoe zwaar is een statief?", "1,4 kg"),
            ("Zijn jullie open op maandag?", "maandag"),
        ],
        unanswerable: &["Hoeveel kost een lamp?", "Geven jullie les?", "Wie is de eigenaar?"],
    },
    Set {
        documents: &[
            "# Regulamin domu\n\n## Cisza nocna\n\nCisza nocna trwa od 22 do 6. Wiercenie jest dozwolone do 18.\n\n## Pralnia\n\nPralnia jest w piwnicy. Kosztuje 8 zł. Klucz ma dozorca Marek Wilk.\n\n## Śmieci\n\nŚmieci odbierane są w środę. Szkło odbierane jest w piątek. W budynku jest 36 mieszkań.\n",
        ],
        answerable: &[
            ("Od kiedy trwa cisza nocna?", "od 22"),
            ("Ile kosztuje pralnia?", "8 zł"),
            ("Gdzie jest pralnia?", "w piwnicy"),
            ("Kto ma klucz?", "Marek Wilk"),
            ("Kiedy odbierane są śmieci?", "środę"),
            ("Ile mieszkań jest w budynku?", "36 mieszkań"),
        ],
        unanswerable: &["Ile kosztuje garaż?", "Czy jest winda?", "Kto jest prezesem?"],
    },
    Set {
        documents: &[
            "# Escola de surf Maré\n\n## Aulas\n\nUma aula dura duas horas. Custa 30 euros. Cada grupo tem 6 alunos.\n\n## Aluguer\n\nAs pranchas alugam-se na praia. O aluguer de um fato custa 10 euros. O fato de inverno pesa 2 kg.\n\n## Horário\n\nEstamos abertos das 9 às 19 horas. Às quartas está fechado. O instrutor Rui Alves fala inglês.\n",
        ],
        answerable: &[
            ("Quanto custa uma aula?", "30 euros"),
            ("Quanto tempo dura uma aula?", "duas horas"),
            ("Quantos alunos tem cada grupo?", "6 alunos"),
            ("Quanto custa o aluguer de um fato?", "10 euros"),
            ("Onde se alugam as pranchas?", "praia"),
            ("Quem fala inglês?", "Rui Alves"),
        ],
        unanswerable: &["Quanto custa uma bicicleta?", "Quem é o presidente?", "Há um restaurante?"],
    },
];
