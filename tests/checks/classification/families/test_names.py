"""Names where a title or a label announces them."""

import pytest

from tests.checks.classification.conftest import ENGINE, told


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Mr. Smith came", "Smith"),
        ("seen by Dr. Maria Lopez-García today", "Maria Lopez-García"),
        ("Dr. O'Brien said", "O'Brien"),
        ("mr. elliott flew", "elliott flew"),
        ("Frau Müller kam", "Müller"),
        ("Patient: John Q. Smith, 45", "John Q. Smith"),
        ("Name: Chise T. Horiguchi\nPhone", "Chise T. Horiguchi"),
        ("patient name: Smith, John", "Smith, John"),
        ('{"patient_name": "Anna Nowak"}', "Anna Nowak"),
        ("Patient: JOHN SMITH", "JOHN SMITH"),
        ("my name is Anna", "Anna"),
        ("my name is john smith", "john smith"),
        ("Patient John Smith was", "John Smith"),
        ("Dear Amy,\n", "Amy"),
        ("Regards,\nBob", "Bob"),
        ("Hello, this is Mr. Ferko Takacs", "Ferko Takacs"),
        ("referred by Ludwig van Beethoven", "Ludwig van Beethoven"),
        ("Patient: Łukasz Żak", "Łukasz Żak"),
    ],
)
def test_names_are_found(text: str, name: str) -> None:
    assert ("person", name) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "It took 723 ms. Five workers",
        "12 ms. Then it",
        "4.2 MS. Peak load",
        "took 52 ms. then it",
        "Hello World",
        "Dear Hiring Manager",
        "Product name: Super Glue",
        'file name: "Report Final"',
        "Table name: Order Items",
        "name: Build and Test",
        '"name": "Deploy Production"',
        "name: CI",
        "Medico curante: Dott. [PERSON]",
        "Médica responsável: Dra. [PERSON]",
    ],
)
def test_names_of_things_and_milliseconds_are_none(text: str) -> None:
    assert "person" not in {kind for kind, _ in told(text)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Room 5, Ms. Alvarado", "Alvarado"),
        ("ms. Alvarado", "Alvarado"),
        ("display name: Zofia Kowal", "Zofia Kowal"),
        ("Name: Anna Bot", "Anna Bot"),
        ("Name: Jan van Lint", "Jan van Lint"),
        ("user name: Zofia Kowal", "Zofia Kowal"),
    ],
)
def test_of_who_is_named_so_they_are(text: str, name: str) -> None:
    assert ("person", name) in told(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("JOHN SMITH was admitted", "JOHN SMITH"),
        ("JOHN Q. SMITH came", "JOHN Q. SMITH"),
        ("MARY ANN JONES AND PETER MILLER", "MARY ANN JONES"),
        ("MARY ANN JONES AND PETER MILLER", "PETER MILLER"),
        ("SMITH, JOHN M seen today", "SMITH, JOHN M"),
        ("SMITH JOHN", "SMITH JOHN"),
        ("MARIA GARCIA LOPEZ", "MARIA GARCIA LOPEZ"),
        ("DUPONT Jean-Pierre", "DUPONT Jean-Pierre"),
        ("GARCIA Maria came", "GARCIA Maria"),
        ("MÜLLER, JÜRGEN", "MÜLLER, JÜRGEN"),
        ("MARY O'BRIEN WAS ADMITTED", "MARY O'BRIEN"),
        ("O\u2019BRIEN, PATRICK J. came", "O\u2019BRIEN, PATRICK J"),
        ("with Brandt, Anna M. today", "Brandt, Anna M."),
    ],
)
def test_names_in_capitals_and_in_the_order_of_lists(text: str, name: str) -> None:
    assert ("person", name) in told(text)


def test_a_list_of_names_is_no_list_of_family_names_first() -> None:
    text = "Anna Brandt, Paul Weber, Peter Miller and Simon"
    assert [name for _, name in told(text)] == ["Anna Brandt", "Paul Weber", "Peter Miller", "Simon"]
    assert [name for _, name in told("Brandt, Anna; Weber, Paul")] == ["Brandt, Anna", "Weber, Paul"]


def test_whatever_stands_beside_them_names_in_a_row_are_found_to_the_last_letter() -> None:
    names = "Anna Brandt, Paul Weber, Brandt, Anna Weber, Paul, Peter, Miller, Peter"
    found = {place for one in ENGINE.scan_text(names) for place in range(one.start, one.end)}
    assert [names[place] for place in range(len(names)) if place not in found and names[place].isalpha()] == []


@pytest.mark.parametrize(
    "text",
    ["JAMES SMITH HOSPITAL", "ROSE GARDEN", "TERMS OF SERVICE", "GRACE PERIOD", "WARNING, JSON", "MUST READ", "US LAW"],
)
def test_other_words_that_stand_in_capitals_are_not(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Name: The Company",
        "name: null",
        "I am Not sure",
        "Dear Customer,",
        "Patient: None",
        "My name is on the list",
        "Grant access to the Chase module",
        "Paris agreement targets and the Lincoln memorial",
        "Status: Open",
        "Mr. and Mrs. are titles",
    ],
)
def test_other_words_in_capitals_are_not(text: str) -> None:
    assert [kind for kind, _ in told(text) if kind != "title"] == []


@pytest.mark.parametrize("text", ["Dear Mr. Brandt,", "this is Dr Brandt", "Name: Ms. Brandt", "Hello Prof. Brandt"])
def test_a_title_is_not_a_name(text: str) -> None:
    title = text.removesuffix(",").removesuffix("Brandt").strip(" .").rpartition(" ")[2]
    assert told(text) == [("title", title), ("person", "Brandt")]


def test_a_name_ends_before_an_ordinary_word() -> None:
    assert told("Mr. Smith The rest") == [("title", "Mr"), ("person", "Smith")]


def test_a_placeholder_is_not_a_name() -> None:
    assert told("Patient: [PERSON], Dr. [PERSON]") == []


def test_names_and_titles_side_by_side_do_not_hide_each_other() -> None:
    assert told("my name is anna my name is anna") == [("person", "anna"), ("person", "anna")]
    assert ("person", "Smith") in told("Dr. The Dr. Smith")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Cordiali saluti, Dott.ssa Velira Ostmonti", "Velira Ostmonti"),
        ("la sig.ra Pavetti attende", "Pavetti"),
        ("Fdo.: Dra. Kasa Velulsen", "Kasa Velulsen"),
        ("Medico curante: Zubetti Paver", "Zubetti Paver"),
        ("Utente: Selmont Garova", "Selmont Garova"),
        ("Beneficiária: Ostina Pavska", "Ostina Pavska"),
    ],
)
def test_southern_titles_and_labels_announce_a_name(text: str, name: str) -> None:
    assert ("person", name) in told(text)


def test_a_prescription_is_no_gentleman() -> None:
    assert "person" not in [kind for kind, _ in told("Sig. Take one tablet twice a day")]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Name: Ludwig van der Berg", "Ludwig van der Berg"),
        ("Maria dos Santos called", "Maria dos Santos"),
        ("Name: Ana do Carmo", "Ana do Carmo"),
        ("Name: María José García-López de la Cruz", "María José García-López de la Cruz"),
        ('{"lastName":"van der Berg"}', "van der Berg"),
        ('{"last_name":"de la Cruz"}', "de la Cruz"),
        ("Dear Mr van der Berg,", "van der Berg"),
        ('Patient: John "Johnny" Carter', 'John "Johnny" Carter'),
    ],
)
def test_family_names_go_with_their_small_words(text: str, name: str) -> None:
    assert ("person", name) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "- **Name:** X",
        "**Patient:** X",
        "**Name**: X",
        "Name: **X**",
        "Name - X",
        "Name\tX",
        "<td>Name:</td><td>X</td>",
        "<b>Patient:</b> X",
        "<PatientName>X</PatientName>",
        '<cac:CustomerName lang="en">X</cac:CustomerName>',
        "From: X <o@corp.example>",
        'To: "X" <o@corp.example>, y@corp.example',
        "On Mon at 10:00 AM X <o@corp.example> wrote:",
        "On Monday X wrote:",
        "Author: X <o@corp.example>",
        "Assignee: X",
        "Account holder: X",
        '{"accountHolder": "X"}',
        '{"payee":"X"}',
        "Pay to the order of X",
        "Ich heiße X",
        "Mein Name ist X",
        "Je m'appelle X",
        "Me llamo X",
        "Mi chiamo X",
        "X (DOB 07/22/1984)",
        "X, MD",
        "Mit freundlichen Grüßen\nX",
        "Thank you,\nX",
        "FN:X",
        "cn: X",
        '{"nom":"X"}',
    ],
)
def test_names_that_no_dictionary_knows_are_found_by_what_announces_them(text: str) -> None:
    name = "Oluwaseun Adeyemi"
    assert ("person", name) in told(text.replace("X", name))


@pytest.mark.parametrize(
    "text",
    [
        '{"achternaam":"Adeyemi"}',
        '{"efternamn":"Adeyemi"}',
        '{"nazwisko":"Adeyemi"}',
        '{"sobrenome":"Adeyemi"}',
        '{"lname":"Adeyemi"}',
        '{"last_nm":"Adeyemi"}',
        '{"name":{"first":"Oluwaseun","last":"Adeyemi"}}',
        '{"name":{"last":"Adeyemi","first":"Oluwaseun"}}',
        "name last: Adeyemi",
        "<LastName>Adeyemi</LastName>",
        "sn: Adeyemi",
    ],
)
def test_family_names_that_no_dictionary_knows_are_found_by_what_announces_them(text: str) -> None:
    assert ("person", "Adeyemi") in told(text)


def test_a_visiting_card_names_somebody() -> None:
    assert ("person", "Adeyemi;Oluwaseun") in told("N:Adeyemi;Oluwaseun;;;")


@pytest.mark.parametrize(
    "text",
    [
        "From: Accounts Payable <ap@corp.example>",
        "From: GitHub <noreply@corp.example>",
        "From: Customer Support Team <noreply@corp.example>",
        "Foo Bar <br>",
        "Dear TOKEN",
        "Thank you,\nThe Team",
        "Thanks,\nSales Team",
        "Assignee: Unassigned",
        "Name\tStatus\tAge",
        "Name - Description",
        "Table name - Order Items",
        "**Name:** Production Cluster",
        "<td>Name</td><td>Description</td>",
        "<th>Name</th><th>Oluwaseun Adeyemi</th>",
        "<FileName>Report</FileName>",
        "sn: 12345",
        "N:3",
        "cn: admin",
        '{"first":"Monday","last":"Friday"}',
        "12 Elm, Chevy Chase, MD 20815",
        "The Server wrote: done",
        "under its name: `Verifier.parse` of it",
    ],
)
def test_what_looks_like_an_announced_name_is_none(text: str) -> None:
    assert "person" not in {kind for kind, _ in told(text)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Patient: SMITH,JOHN A\nDOB", "SMITH,JOHN A"),
        ("NAME: BRITO,ZAQUEU T", "BRITO,ZAQUEU T"),
        ("Patient Name: Brito,Zaqueu", "Brito,Zaqueu"),
        ("Patient: SMITH, ROBERT EARL III\nDOB", "SMITH, ROBERT EARL III"),
        ("Patient: Brito Jr., Zaqueu", "Brito Jr., Zaqueu"),
        ("Patient: O'BRIEN,MARY-ANN", "O'BRIEN,MARY-ANN"),
        ("Attending: HENDRICKS,PAUL", "HENDRICKS,PAUL"),
        ('{"patientName":"BRITO,ZAQUEU T"}', "BRITO,ZAQUEU T"),
        ("seen SMITH,JOHN A today", "SMITH,JOHN A"),
        ("seen Smith,John today", "Smith,John"),
        ("<patientName>BRITO,ZAQUEU T</patientName>", "BRITO,ZAQUEU T"),
        ("patient|dob\nBRITO, ZAQUEU EARL III|5/2/1984", "BRITO, ZAQUEU EARL III"),
        ("patient|dob\nBRITO,ZAQUEU T|5/2/1984", "BRITO,ZAQUEU T"),
    ],
)
def test_a_family_name_before_a_comma_takes_all_that_follows_with_it(text: str, name: str) -> None:
    assert ("person", name) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "Contact: Sales,Support",
        "Customer: Acme,Inc",
        "name: Foo,Bar,Baz",
        "SELECT (Name,Date) FROM t",
        "columns: Name,Status,Type",
        "call f(Foo,Bar) twice",
        "units: MB,GB or (KB,TB)",
        "in PARIS,FRANCE now",
    ],
)
def test_other_words_around_a_comma_are_no_name(text: str) -> None:
    assert "person" not in {kind for kind, _ in told(text)}


def test_cells_of_a_row_stay_apart() -> None:
    assert ("person", "SMITH,JOHN") not in told("id,a,b\n1029,SMITH,JOHN,1984")


@pytest.mark.parametrize(
    "label",
    [
        *("Policyholder", "Policy holder", "Spouse", "Guarantor", "PCP", "Pt", "Cc", "From", "To", "Name on card"),
        *("Adjuster", "Driver", "Passenger", "Guest", "Husband", "Daughter", "Caregiver", "GP", "Pharmacist"),
        *("Dictated by", "Seen by", "Debtor", "Creditor", "Participants", "Name (Last, First)", "Name (please print)"),
        *(
            "Patient Name/DOB",
            "Versicherungsnehmer",
            "Kunde",
            "Hausarzt",
            "Empfänger",
            "Médecin",
            "Cliente",
            "Huisarts",
        ),
        *("Pacjent", "Läkare", "Patients"),
    ],
)
def test_labels_of_people_announce_them(label: str) -> None:
    assert ("person", "Priyanka Venkataraman") in told(f"note\n{label}: Priyanka Venkataraman\nend")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the cardholder Priyanka Venkataraman disputes it", "Priyanka Venkataraman"),
        ("CN=Zaqueu Brito,OU=Staff,DC=x", "Zaqueu Brito"),
        ("Patients: Zaqueu Brito and Oluwaseun Ajayi\n", "Oluwaseun Ajayi"),
        ("To: Zaqueu Brito; Oluwaseun Ajayi\n", "Oluwaseun Ajayi"),
        ("Met vriendelijke groet,\nZaqueu Brito\n", "Zaqueu Brito"),
        ("Un saludo,\nZaqueu Brito\n", "Zaqueu Brito"),
        ("i.A. Zaqueu Brito\n", "Zaqueu Brito"),
        ("MfG\nZaqueu Brito\n", "Zaqueu Brito"),
        ("Regards,\r\nZaqueu Brito\r\n", "Zaqueu Brito"),
        ("Best regards,\r\n\r\nZaqueu Brito\r\n", "Zaqueu Brito"),
        ("<vorname>Priyanka</vorname><nachname>Venkataraman</nachname>", "Venkataraman"),
        ("<FirstNm>Zaqueu</FirstNm>", "Zaqueu"),
    ],
)
def test_more_says_that_a_name_follows(text: str, name: str) -> None:
    assert ("person", name) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "From: Berlin To: Munich",
        "From: Draft To: Published",
        "To: All Staff",
        "From: Human Resources",
        "To: New York",
        "Driver: Chrome",
        "Driver: Intel Graphics",
        "driver: postgres",
        "Guest: Windows Server",
        "parent: Main Menu",
        "Attendees: Engineering Team",
        "GP: Gold Package",
        "members: Core Team",
        "Participants: Zoom Meeting",
        "Cc: Legal Department",
        "CN=Domain Users,OU=Groups,DC=x",
        "CN=GlobalSign Root CA,OU=Root CA,O=x",
        "the cardholder Agreement Terms apply",
        "To: Accounts Payable",
        "Debtor: Acme Holdings",
    ],
)
def test_such_labels_name_other_things_as_often(text: str) -> None:
    assert "person" not in {kind for kind, _ in told(text)}


@pytest.mark.parametrize("name", ["DB_HOST", "MAX_RETRIES", "AWS_REGION", "PATH", "NODE_ENV", "S3_BUCKET", "TZ"])
@pytest.mark.parametrize("form", ['{{"name":"{}","value":"x"}}', "- name: {}\n  value: x"])
def test_variables_of_an_environment_are_nobody(name: str, form: str) -> None:
    assert "person" not in {kind for kind, _ in told(form.format(name))}


@pytest.mark.parametrize(
    "name", ["Authorization", "Content-Type", "X-Request-Id", "User-Agent", "Set-Cookie", "Retry-After", "Host", "ETag"]
)
def test_headers_are_nobody(name: str) -> None:
    assert "person" not in {kind for kind, _ in told(f'{{"name":"{name}","value":"x"}}')}


@pytest.mark.parametrize(
    "text",
    [
        "name: Mapped[str]",
        "first_name: Mapped[str] = mapped_column()",
        "name: CharField(max_length=3)",
        "patient: Optional[Patient] = None",
        "name = TextField()",
        "customer: Arc<Customer>",
        "contact = ContactForm(request.POST)",
        "name: DataTypes.STRING,",
        "name: NonEmptyString",
    ],
)
def test_types_and_calls_of_code_are_nobody(text: str) -> None:
    assert "person" not in {kind for kind, _ in told(text)}


@pytest.mark.parametrize("said", ["Denies pain", "Reports nausea", "States that", "Stable", "Alert and oriented"])
def test_what_is_said_of_a_patient_is_no_name(said: str) -> None:
    assert "person" not in {kind for kind, _ in told(f"Patient: {said}")}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("name: Anna_Smith", "Anna_Smith"),
        ("Patient: Zaqueu Brito(93)", "Zaqueu Brito"),
        ("Name: Zaqueu Brito<br>", "Zaqueu Brito"),
        ("Patient: Grace Stable", "Grace Stable"),
        ("name: VanDyke", "VanDyke"),
    ],
)
def test_names_that_look_like_those_are_found(text: str, name: str) -> None:
    assert ("person", name) in told(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("je suis Aïssatou Diallo, née à Dakar", "Aïssatou Diallo"),
        ("Ich bin Yusuf Demir und", "Yusuf Demir"),
        ("its under Temi Bakare, thanks", "Temi Bakare"),
        ("Her name was Ngozi and", "Ngozi"),
        ("mevrouw De Vries belt", "De Vries"),
        ("dhr. Bakker belde", "Bakker"),
        ("fru Lindqvist ringde", "Lindqvist"),
        ("pan Wiśniewski dzwonił", "Wiśniewski"),
        ("dla pana Adama Nowickiego", "Adama Nowickiego"),
        ("The claimant, Folasade Ogunleye, was seen", "Folasade Ogunleye"),
        ("Frau Dr. med. Ayşe Kılıç, Bonn", "Ayşe Kılıç"),
        ("Prof. Dr. rer. nat. Yildiz", "Yildiz"),
        ("Dr. med. Okoye schreibt", "Okoye"),
        ("M. Koffi Kouassi est", "Koffi Kouassi"),
        ("la señora Huanca llamó", "Huanca"),
        ("dhr. J. van den Berg", "J. van den Berg"),
        ("Frau A. Demir ist", "A. Demir"),
        ("Hr. Demir ist", "Demir"),
        ("remito a D. Unai Etxebarria Goñi, de 61 años", "Unai Etxebarria Goñi"),
        ("dott. Schirò", "Schirò"),
        ("kieruję pacjentkę Grażynę Brzęczyszczykiewicz", "Grażynę Brzęczyszczykiewicz"),
        ("Tenant Nkechi Obi, unit 4B", "Nkechi Obi"),
        ("Mr. Tariq al-Mansour", "Tariq al-Mansour"),
        ("Summarise: Nkechi Obi, born 3 June 1985", "Nkechi Obi"),
        ("Wanjiru Kamau, née le 3 mai 1985", "Wanjiru Kamau"),
        ("| Patient | Room |\n|---|---|\n| N. Obi | 412 |\n", "N. Obi"),
        ("Dr. A. Okoye", "A. Okoye"),
        ("im Namen von Yusuf Demir", "Yusuf Demir"),
        ("yeah it's Nnamdi Obiora.", "Nnamdi Obiora"),
        ("my daughter, Nkechi, has", "Nkechi"),
        ("My son Chidi has", "Chidi"),
        ("Mein Sohn Kofi hat", "Kofi"),
        ("Mon fils Idriss a la", "Idriss"),
        ("mijn zoon Bram is", "Bram"),
        ("our son is called Chidi, he's 4", "Chidi"),
        ("Ifeoma Eze Jr. (DOB 03/12/1980)", "Ifeoma Eze Jr"),
        ("Line manager: Wanjiru Kamau", "Wanjiru Kamau"),
        ("Supervisor: Wanjiru Kamau", "Wanjiru Kamau"),
        ("Respondent: Ifeoma Eze", "Ifeoma Eze"),
        ("Apologies: Ifeoma Eze, Tunde Okafor", "Tunde Okafor"),
        ("Attendees: Ifeoma Eze, Tunde Okafor and Wanjiru Kamau", "Wanjiru Kamau"),
        ("assigned to subscriber Ifeoma Eze", "Ifeoma Eze"),
        ("Applicant (Ifeoma Eze, 34) earns", "Ifeoma Eze"),
        ("the estate of Ifeoma Eze", "Ifeoma Eze"),
        ("name on card IFEOMA EZE", "IFEOMA EZE"),
        ("I, Tunde Okafor, of 14 Otieno Close, say", "Tunde Okafor"),
        ("Potilas Ifeoma Eze tuli", "Ifeoma Eze"),
        ("Patienten Ifeoma Eze kom", "Ifeoma Eze"),
        ("Bitte überweisen Sie an Ifeoma Eze", "Ifeoma Eze"),
    ],
)
def test_who_is_introduced_titled_or_related_is_found(text: str, name: str) -> None:
    assert ("person", name) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ich bin Software Entwickler", "Ich bin Deutscher Staatsbürger", "Je suis Médecin Généraliste",
        "it's under Windows Update", "sono Italiano", "a frying pan Tefal", "Pan Am Airways", "pan Asian food",
        "My son Friday at noon", "My mother English teacher", "my mom iPhone", "The claimant, Acme Corp, said",
        "El señor presidente", "24 Hr Fitness", "New Service born 2020", "Apple Watch born in",
        "Student Portal login", "Guest Access", "the name was Changed",
        "im Namen von Volk und Staat",
        "Driver: PostgreSQL Unicode", "Cliente: Banco Santander", "Client: Microsoft Windows",
        "Dr. med. is a title", "MM. Les",
        "Package manager: Homebrew Cask", "Task Manager: Windows Ten", "Coach: Business Class", "Chair: Oak Wood",
        "I, Robot, directed", "Candidate: Release Four", "subscriber Data Service", "our son is called for",
    ],
)  # fmt: skip
def test_what_is_said_of_oneself_or_of_relatives_is_no_name(text: str) -> None:
    assert "person" not in {kind for kind, _ in told(text)}
