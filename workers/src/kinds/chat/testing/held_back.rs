//! Documents and questions that were written when the rules were made, before any was asked.

use super::answerable::Set;

pub(in crate::kinds::chat) const SETS: [Set; 8] = [
    Set {
        documents: &[
            "# Orion X9 telescope\n\n## Specifications\n\nThe tube weighs 14 kg. Its focal length is 1200 mm. The mirror has a diameter of 203 mm.\n\n## Care\n\nClean the mirror once a year. Use distilled water for it. Do not store the telescope above 50 °C.\n\n## Repairs\n\nRepairs take about two weeks. They cost from 60 euros. The workshop is at 3 Station Road, York.\n\n## Accessories\n\nOrder no. OX-31 is the solar filter. The case holds 5 eyepieces.\n",
        ],
        answerable: &[
            ("How heavy is the tube of the Orion X9?", "14 kg"),
            ("What is the focal length of the Orion X9?", "1200 mm"),
            ("How often should I clean the mirror?", "once a year"),
            ("What water do I use for cleaning?", "distilled"),
            ("How long do repairs take?", "two weeks"),
            ("How much do repairs cost?", "60 euros"),
            ("What is the address of the workshop?", "3 Station Road"),
            ("What is the order number of the solar filter?", "OX-31"),
            ("How many eyepieces fit in the case?", "5 eyepieces"),
        ],
        unanswerable: &["How heavy is the Orion X7?", "What does the Orion X9 cost?", "Who invented the telescope?"],
    },
    Set {
        documents: &[
            "# Riverside allotments\n\n## Rent\n\nA plot is rented by the year. It costs 85 pounds. Pensioners pay 60 pounds.\n\n## Water\n\nWater is on from April to October. Hoses are forbidden in August.\n\n## Waste\n\nGreen waste is collected on Thursdays. Glass goes to the depot in Quay Street.\n\n## Society\n\nMrs Bell chose the new lock. The gate code is sent by post. There are 52 plots.\n",
        ],
        answerable: &[
            ("How much is a plot?", "85 pounds"),
            ("What do pensioners pay?", "60 pounds"),
            ("When is the water on?", "April to October"),
            ("Can I use a hose in August?", "forbidden"),
            ("On which day is green waste collected?", "Thursdays"),
            ("Where does glass go?", "Quay Street"),
            ("Who chose the lock?", "Mrs Bell"),
            ("How many plots are there?", "52 plots"),
        ],
        unanswerable: &["How much is a shed?", "Are chickens allowed?", "Where can I buy seeds?"],
    },
    Set {
        documents: &[
            "# Musikschule Klang\n\n## Unterricht\n\nEine Stunde Klavier kostet 32 Euro. Geschwister zahlen 28 Euro. Der Unterricht für Geige findet mittwochs statt.\n\n## Instrumente\n\nInstrumente können geliehen werden. Die Leihgebühr beträgt 12 Euro im Monat. Der Flügel wiegt 310 kg.\n\n## Büro\n\nDas Büro ist bis 17 Uhr besetzt. Freitags ist es geschlossen. Die Leitung hat Frau Sommer.\n",
        ],
        answerable: &[
            ("Was kostet eine Stunde Klavier?", "32 Euro"),
            ("Was zahlen Geschwister?", "28 Euro"),
            ("Wann ist der Unterricht für Geige?", "mittwochs"),
            ("Kann ich ein Instrument leihen?", "geliehen"),
            ("Wie hoch ist die Leihgebühr?", "12 Euro"),
            ("Wie schwer ist der Flügel?", "310 kg"),
            ("Ist das Büro am Freitag geöffnet?", "Freitags"),
            ("Wer hat die Leitung?", "Sommer"),
        ],
        unanswerable: &["Was kostet eine Gitarre?", "Gibt es einen Chor?", "Wann ist das Konzert?"],
    },
    Set {
        documents: &[
            "# Gîte des Pins\n\n## Séjour\n\nL'arrivée se fait à partir de 16 h. Une arrivée anticipée coûte 20 euros. Le départ est prévu avant 10 h.\n\n## Linge\n\nLes draps sont fournis. Ils sont changés le samedi. Le ménage coûte 45 euros.\n\n## Équipement\n\nLe gîte accueille 6 personnes. Le code du wifi est affiché dans l'entrée. Les animaux sont interdits.\n",
        ],
        answerable: &[
            ("À partir de quelle heure peut-on arriver ?", "16 h"),
            ("Avant quelle heure faut-il partir ?", "10 h"),
            ("Quel jour les draps sont-ils changés ?", "samedi"),
            ("Combien coûte le ménage ?", "45 euros"),
            ("Combien de personnes le gîte accueille-t-il ?", "6 personnes"),
            ("Où est le code du wifi ?", "entrée"),
            ("Puis-je amener mon chien ?", "interdits"),
        ],
        unanswerable: &["Y a-t-il une piscine ?", "Combien coûte un vélo ?", "Qui est le propriétaire ?"],
    },
    Set {
        documents: &[
            "# Biblioteca Luna\n\n## Préstamos\n\nSe pueden llevar 4 libros durante 21 días. Los retrasos cuestan 10 céntimos por día.\n\n## Salas\n\nLa sala de estudio tiene 30 plazas. Abre a las 8. Los viernes cierra a las 15 horas.\n\n## Carné\n\nEl carné se pide en recepción. Es gratis para estudiantes.\n",
        ],
        answerable: &[
            ("¿Cuántos libros puedo llevar?", "4 libros"),
            ("¿Cuánto cuestan los retrasos?", "10 céntimos"),
            ("¿Cuántas plazas tiene la sala de estudio?", "30 plazas"),
            ("¿A qué hora abre la sala?", "a las 8"),
            ("¿Cuándo cierra los viernes?", "15 horas"),
            ("¿Cuánto cuesta el carné?", "gratis"),
            ("¿Dónde pido el carné?", "recepción"),
        ],
        unanswerable: &["¿Cuánto cuesta una fotocopia?", "¿Quién es la directora?", "¿Hay ascensor?"],
    },
    Set {
        documents: &[
            "# Palestra di roccia\n\n## Ingresso\n\nL'ingresso giornaliero si paga alla cassa. Costa 11 euro. Gli studenti pagano 8 euro.\n\n## Corsi\n\nIl corso per principianti dura tre ore. Il venerdì è chiuso. Le scarpe si noleggiano a 4 euro.\n",
        ],
        answerable: &[
            ("Quanto costa l'ingresso?", "11 euro"),
            ("Quanto pagano gli studenti?", "8 euro"),
            ("Quanto dura il corso per principianti?", "tre ore"),
            ("È aperto il venerdì?", "venerdì"),
            ("Quanto costa noleggiare le scarpe?", "4 euro"),
        ],
        unanswerable: &["Chi è l'istruttore?", "Quanto costa una corda?"],
    },
    Set {
        documents: &[
            "# Kinderboerderij\n\n## Bezoek\n\nDe boerderij is open van 10 tot 16 uur. Op dinsdag is zij gesloten. Een kaartje koopt u bij de poort. Het kost 3 euro.\n\n## Dieren\n\nEr zijn 14 geiten. De geiten eten om 11 uur. Boer Piet geeft de rondleiding.\n",
        ],
        answerable: &[
            ("Wanneer is de boerderij open?", "10 tot 16"),
            ("Is de boerderij op dinsdag open?", "dinsdag"),
            ("Wat kost een kaartje?", "3 euro"),
            ("Hoeveel geiten zijn er?", "14 geiten"),
            ("Hoe laat eten de geiten?", "11 uur"),
            ("Wie geeft de rondleiding?", "Piet"),
        ],
        unanswerable: &["Wat kost een ijsje?", "Is er een speeltuin?"],
    },
    Set {
        documents: &[
            "# Spare parts\n\n## List\n\nNo: SP-1; Name: Belt Cobra; Weight: 0.4 kg; Supplier: Anders; Notes: length 120 cm, for model K3\nNo: SP-2; Name: Belt Viper; Weight: 0.6 kg; Supplier: Brandt; Notes: length 150 cm, for model K4\nNo: SP-3; Name: Filter Sable; Weight: 1.1 kg; Supplier: Anders; Notes: replace every 900 hours\n",
        ],
        answerable: &[
            ("How long is the belt Cobra?", "120 cm"),
            ("How heavy is the belt Viper?", "0.6 kg"),
            ("Who supplies the filter Sable?", "Sable"),
            ("Which model is the belt Viper for?", "K4"),
            ("How often is the filter Sable replaced?", "900 hours"),
        ],
        unanswerable: &["How heavy is the belt Python?", "What does the belt Cobra cost?"],
    },
];
