"""Special categories and criminal matters (GDPR Art. 9 and 10), as far as words show them, in English, German, French,
Spanish and Italian. What can only be inferred cannot be promised; health has a family of its own, beside what says of
somebody that they are ill or disabled."""

from gateway.checks.classification.recognizer import Lexicon, Recognizer, words

_RELIGION = """
catholic, roman catholic, protestant, muslim, jewish, hindu, buddhist, sikh, atheist, mormon, is agnostic, an agnostic,
a christian, is christian, devout christian, christian faith, christian belief, practising christian, born-again,
jehovah's witness, evangelical, sunni, shia, orthodox jew, religious belief, converted to islam, quaker, lutheran,
hinduism, judaism, catholicism, religious affiliation, practising muslim, practicing muslim,
katholisch, katholik, katholikin, evangelisch, protestantisch, muslimisch, muslima, moslem, jüdisch, jüdin,
buddhistisch,
hinduistisch, atheistisch, zeugen jehovas, konfessionslos, religionszugehörigkeit, konfession, kirchenaustritt,
catholique, protestante, musulman, musulmane, juif, juive, bouddhiste, hindoue, athée, témoin de jéhovah,
appartenance religieuse, convictions religieuses, confession religieuse,
católico, católica, musulmán, musulmana, judío, religión judía, budista, hindú, ateo, atea, testigo de jehová,
creencias religiosas, confesión religiosa, evangélico, evangélica,
cattolico, cattolica, musulmano, ebreo, ebrea, ebraica, buddista, induista, testimone di geova, fede religiosa,
credo religioso, appartenenza religiosa, convinzioni religiose,
katholiek, katholieke, moslim, moslima, islamitisch, joods, joodse, boeddhist, jehova's getuige,
muslimsk, katolsk, jødisk, judisk, hinduistisk, jehovas vitner, jehovas vittnen, jehovas vidner,
katolik, katoliczka, katolikiem, katoliczką, muzułmanin, muzułmanka, muzułmaninem, pochodzenia żydowskiego,
świadek jehowy, protestant,
muçulmano, muçulmana, judeu, judia, testemunha de jeová, crenças religiosas, convicções religiosas
"""
_ORIENTATION = """
gay, lesbian, bisexual, homosexual, heterosexual, transgender, transsexual, asexual, queer, lgbt, lgbtq, non-binary,
nonbinary, sexual orientation, same-sex, sex life, coming out as, gender dysphoria, intersex,
schwul, lesbisch, lesbe, bisexuell, homosexuell, heterosexuell, transsexuell, intersexuell, sexuelle orientierung,
geschlechtsangleichung, sexualleben, gleichgeschlechtlich,
homosexuel, homosexuelle, lesbienne, bisexuel, bisexuelle, hétérosexuel, transgenre, transsexuelle,
orientation sexuelle, vie sexuelle, changement de sexe,
lesbiana, transexual, transgénero, orientación sexual, vida sexual, cambio de sexo, identidad de género,
omosessuale, lesbica, bisessuale, eterosessuale, transessuale, orientamento sessuale, vita sessuale, cambio di sesso,
trans woman, trans women, trans man, trans men, transwoman, transman, trans person, trans people, transman,
transfrau, transmann, femme trans, homme trans, mujer trans, hombre trans, donna trans, uomo trans,
homoseksueel, homoseksuele, biseksueel, transvrouw, transseksueel, homofil, lesbisk, biseksuell, bifil, homoseksuell,
homosexuell man, transkvinna, transkvinne, homoseksualista, homoseksualny, homoseksualna, lesbijka, biseksualny,
transpłciowa, transpłciowy, homossexual, bissexual, mulher trans, homem trans, orientação sexual
"""
_ETHNICITY = """
african american, african-american, hispanic, latino, latina, native american, caucasian, asian american, sinti,
aboriginal, ethnicity, ethnic origin, racial origin, romani, inuit, mixed race, biracial, roma people, roma minority,
ethnic background, racial background, ethnic minority,
ethnische herkunft, ethnie, rassische herkunft, migrationshintergrund, sinti und roma, hautfarbe, ethnische minderheit,
origine ethnique, origine raciale, appartenance ethnique, maghrébin, maghrébine, tzigane, couleur de peau,
minorité ethnique,
origen étnico, origen racial, etnia, gitano, gitana, afrodescendiente, mestizo, mestiza, minoría étnica,
color de piel,
origine etnica, origine razziale, appartenenza etnica, minoranza etnica, zingaro, zingara, colore della pelle,
roma origin, roma descent, roma background, roma ethnicity, of african descent, of asian descent, of arab descent,
etnische afkomst, etnische achtergrond, etnisk opprinnelse, etnisk oprindelse, etniskt ursprung, samisk, pochodzenie
etniczne, pochodzenia romskiego, romskiego pochodzenia, origem étnica, origem racial, cigano, cigana
"""
_UNION = """
trade union, labor union, labour union, union member, union membership, shop steward, works council member, unionized,
union dues, teamsters, ver.di, ig metall, union representative, union rep, unionised,
gewerkschaft, gewerkschaftsmitglied, gewerkschaftszugehörigkeit, gewerkschaftlich, betriebsratsmitglied, dgb,
gewerkschaftsbeitrag,
syndicat, syndiqué, syndiquée, délégué syndical, déléguée syndicale, appartenance syndicale, adhésion syndicale,
cotisation syndicale,
sindicato, sindicalista, afiliación sindical, delegado sindical, delegada sindical, afiliado a un sindicato,
comisiones obreras, cuota sindical,
sindacato, sindacalista, delegato sindacale, delegata sindacale, iscritto al sindacato, iscritta al sindacato,
appartenenza sindacale, tessera sindacale, cgil, cisl,
vakbondslid, lid van de vakbond, lid van een vakbond, vakbondslidmaatschap, fagforeningsmedlem, medlem af fagforening,
fagforbundsmedlem, fackmedlem, medlem i facket, członek związku zawodowego, członkini związku zawodowego, związkowiec,
sindicalizado, sindicalizada, membro do sindicato, delegado sindical
"""
_POLITICS = """
political opinion, political party, party member, party membership, communist, socialist party, registered democrat,
registered republican, voted for, political affiliation, political views, far-right, far-left, party affiliation,
political activist,
politische meinung, politische überzeugung, politische gesinnung, parteimitglied, parteimitgliedschaft,
parteizugehörigkeit, parteibuch, kommunist, kommunistin, rechtsextrem, linksextrem, afd-mitglied, spd-mitglied,
cdu-mitglied,
opinion politique, opinions politiques, parti politique, membre du parti, carte du parti, communiste, extrême droite,
extrême gauche, militant politique, affiliation politique,
opinión política, opiniones políticas, partido político, miembro del partido, militante del partido, comunista,
extrema derecha, extrema izquierda, afiliación política, ideología política,
opinione politica, opinioni politiche, partito politico, iscritto al partito, iscritta al partito, tessera di partito,
estrema destra, estrema sinistra, militante politico, appartenenza politica,
partijlid, lid van de partij, partimedlem, członek partii, członkini partii, membro do partido, filiação partidária
"""
_BIOMETRIC = """
retina scan, iris scan, facial recognition, voiceprint, faceprint, biometric, dna profile,
genetic test, genetic data, dna test, brca1, brca2, genome sequence, hand geometry, genetic predisposition,
huntington's gene,
fingerabdruck, fingerabdrücke, iris-scan, gesichtserkennung, biometrisch, biometrische daten, dna-profil, dna-test,
gentest, genetische daten, genanalyse,
empreinte digitale, empreintes digitales, reconnaissance faciale, biométrique, données biométriques, test adn,
profil adn, données génétiques, test génétique,
huella dactilar, huellas dactilares, huella digital, reconocimiento facial, biométrico, biométricos, prueba de adn,
perfil de adn, datos genéticos, prueba genética,
impronta digitale, impronte digitali, riconoscimento facciale, biometrico, biometrici, test del dna, profilo del dna,
dati genetici, test genetico
"""
_CRIMINAL = """
criminal record, convicted, conviction, felony, felon, misdemeanor, parole, probation officer, incarcerated, prison
sentence, arrest record, arrested for, ex-convict, sex offender, criminal offence, criminal offense, restraining order,
served time, rap sheet, prior convictions, criminal charges, pleaded guilty, imprisonment,
vorstrafe, vorstrafen, vorbestraft, strafregister, führungszeugnis, verurteilt, verurteilung, freiheitsstrafe,
haftstrafe, bewährungsstrafe, bewährungshelfer, strafverfahren, untersuchungshaft, straftat, straftaten,
casier judiciaire, condamné, condamnée, condamnation pénale, emprisonnement, peine de prison, garde à vue,
libération conditionnelle, infraction pénale, détention provisoire, repris de justice,
antecedentes penales, antecedentes policiales, condenado, condenada, condena penal, pena de prisión,
libertad condicional, prisión preventiva, delito penal, delincuente sexual, orden de alejamiento,
casellario giudiziale, precedenti penali, pregiudicato, pregiudicata, condannato, condannata, condanna penale,
pena detentiva, libertà condizionale, custodia cautelare, reato penale, arresti domiciliari,
on probation, indicted for, indicted on, under indictment, arraigned, out on bail, released on bail, jailed for,
imprisoned, sentenced to, found guilty of, pled guilty, plea bargain, criminal history, police record, arrest warrant,
charged with assault, charged with fraud, charged with murder, charged with theft, charged with possession, charged
with rape, charged with dui, charged with drunk driving, charged with burglary, charged with manslaughter, charged with
tax evasion, charged with embezzlement, convict, manslaughter conviction, house arrest, ankle monitor,
strafblad, veroordeeld voor, gevangenisstraf, voorwaardelijke straf, voorarrest, straffedømt, straffet for, dømt for,
fengselsstraff, fængselsstraf, dömd för, fängelsestraff, belastningsregistret, karany, skazany, skazana, wyrok karny,
kara więzienia, antecedentes criminais, pena de prisão, liberdade condicional, prisão preventiva, condenado por,
condenada por, auf bewährung, angeklagt wegen, mis en examen, imputado por, imputada por, indagato per, indagata per
"""
_HEALTH = """
mental illness, disabled person, severely disabled, disability pension, on sick leave, sick note,
medical leave, hiv status, drug addiction, alcohol addiction, drug addict, chronically ill,
unfit for work,
schwerbehindert, schwerbehinderung, schwerbehindertenausweis, grad der behinderung, krankgeschrieben, krankschreibung,
arbeitsunfähig, arbeitsunfähigkeit, arbeitsunfähigkeitsbescheinigung, hiv-positiv,
suchterkrankung, drogenabhängig, drogensucht, alkoholabhängig, alkoholiker, psychisch krank, psychische erkrankung,
chronisch krank, pflegebedürftig, schwanger, schwangerschaft, mutterschutz,
arrêt maladie, handicapé, handicapée, travailleur handicapé, séropositif, séropositive,
toxicomane, toxicomanie, alcoolique, maladie mentale, maladie chronique, enceinte, grossesse, congé maternité,
invalidité,
baja médica, baja por enfermedad, discapacitado, discapacitada, discapacidad,
seropositivo, seropositiva, drogadicto, drogadicta, drogadicción, alcohólico, alcohólica, enfermedad mental,
enfermedad crónica, embarazada, embarazo, invalidez,
congedo per malattia, certificato di malattia, disabile, disabilità, invalidità civile,
sieropositivo, sieropositiva, tossicodipendente, tossicodipendenza, alcolista, malattia mentale, malattia cronica,
incinta, gravidanza, legge 104
"""

LEXICONS = (
    Lexicon(id="special-religion", type="special-religion", words=words(_RELIGION)),
    Lexicon(id="special-orientation", type="special-orientation", words=words(_ORIENTATION)),
    Lexicon(id="special-ethnicity", type="special-ethnicity", words=words(_ETHNICITY)),
    Lexicon(id="special-union", type="special-union", words=words(_UNION)),
    Lexicon(id="special-politics", type="special-politics", words=words(_POLITICS)),
    Lexicon(id="special-biometric", type="special-biometric", words=words(_BIOMETRIC)),
    Lexicon(id="special-criminal", type="special-criminal", words=words(_CRIMINAL)),
    Lexicon(id="special-health", type="special-health", words=words(_HEALTH)),
)

_KEYS = (
    "key|certificate|cert|cluster|host|server|client|browser|device|canvas|audio|font|tls|ssl|ssh|gpg|pgp|openpgp|rsa|"
    r"dsa|ecdsa|ed25519|sha-?1|sha-?256|sha-?512|md5|ja3|x\.?509|build|query|content|asset|file|image|error|public|"
    "system|backend|model|prompt|request|response|schema|config|configuration|cache|alert|issue|event|exception|commit|"
    "code|dependency|lockfile|app|application|binary|bundle|docker|package|http|jwt|token|cookie|session|webpack|signing|"
    "repo|repository|thumbprint|statement|plan|crash|stack|log|message|document"
)
_RACES = (
    "white|black|asian|caucasian|hispanic|latin[oax]|african[ -]american|black or african[ -]american|native american|"
    "american indian|pacific islander|mixed|multiracial|biracial|arab|middle eastern|south asian|east asian"
)
RECOGNIZERS = (
    Recognizer(
        # As a form or a key has it: what is said of a race that is run is no colour.
        id="special-race",
        type="special-ethnicity",
        pattern=rf"\b(?i:race)\"?\\?\"? ?[:=|\t] ?\\?\"?((?i:{_RACES}))\b",
        gate=rf"(?i:race)[\"\\ ]{{0,3}}[:=|\t] ?[\"\\]{{0,2}}(?i:{_RACES})\b",
        score=0.85,
        reason="lexicon",
    ),
    Recognizer(
        # Not the digest of a key, a certificate or a file, nor what tells browsers apart.
        id="special-fingerprint",
        type="special-biometric",
        pattern=r"\b(?i:fingerprints?)\b",
        gate=r"\b(?i:fingerprint)",
        cleared=rf"(?i:\b(?:{_KEYS})(?:'s)?[ _-])",
        again=True,
        score=0.8,
        reason="lexicon",
    ),
)
