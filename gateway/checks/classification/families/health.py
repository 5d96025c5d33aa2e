"""Health terms: diagnoses, symptoms, procedures, medication, ICD-10 codes beside a word that says so."""

from gateway.checks.classification.recognizer import Lexicon, Near, Recognizer, words

_DIAGNOSES = """
diabetes, diabetic, diabetes mellitus, type 2 diabetes, type 1 diabetes, hypertension, hypotension, asthma, copd,
cancer, carcinoma, tumor, tumour, lymphoma, leukemia, leukaemia, melanoma, sarcoma, metastasis, metastatic,
metastases, hiv, hiv positive, hiv/aids, gastric bypass, bypass surgery, hepatitis, hepatitis b, hepatitis c,
tuberculosis, pneumonia, bronchitis, influenza, covid, covid-19, sepsis, septic, stroke, ischemic stroke, myocardial
infarction, heart attack, heart failure, atrial fibrillation, arrhythmia, angina, coronary artery disease,
atherosclerosis, hyperlipidemia, hypercholesterolemia, anemia, anaemia, thrombosis, deep vein thrombosis, pulmonary
embolism, embolism, epilepsy, seizure, migraine, dementia, alzheimer's, alzheimer, parkinson's, parkinson, multiple
sclerosis, neuropathy, depression, major depressive disorder, anxiety disorder, bipolar, bipolar disorder,
schizophrenia, psychosis, ptsd, adhd, autism, anorexia, bulimia, eating disorder, suicidal, suicidal ideation,
self-harm, substance abuse, alcoholism, opioid use disorder, addiction, overdose, cirrhosis, hepatic, gastritis,
ulcer, crohn's, crohn's disease, ulcerative colitis, colitis, ibs, appendicitis, pancreatitis, gallstones,
cholecystitis, gerd, reflux, kidney disease, chronic kidney disease, renal failure, kidney stones, nephritis, uti,
urinary tract infection, arthritis, rheumatoid arthritis, osteoarthritis, osteoporosis, lupus, gout, fibromyalgia,
fracture, sprain, concussion, hernia, scoliosis, psoriasis, eczema, dermatitis, cellulitis, hypothyroidism,
hyperthyroidism, thyroid, obesity, obese, malnutrition, pregnant, pregnancy, miscarriage, preeclampsia, endometriosis,
infertility, menopause, chlamydia, gonorrhea, syphilis, herpes, hpv, glaucoma, cataract, tinnitus, vertigo, sleep
apnea, insomnia, meningitis, encephalitis, sickle cell, hemophilia, cystic fibrosis, muscular dystrophy, cerebral
palsy, down syndrome, celiac, celiac disease, allergy, allergies, anaphylaxis, diagnosis, diagnosed, diagnoses,
prognosis, comorbidity, comorbidities, malignant, benign, remission, terminally ill, disability, paralysis, amputation
"""
_SYMPTOMS = """
chest pain, shortness of breath, dyspnea, fever, cough, fatigue, nausea, vomiting, diarrhea, diarrhoea, constipation,
abdominal pain, back pain, headache, dizziness, syncope, palpitations, edema, oedema, swelling, rash, itching,
bleeding, hemorrhage, blood pressure, heart rate, weight loss, weight gain, numbness, tingling, tremor,
hallucinations, joint pain, sore throat, wheezing, jaundice, lesion, inflammation, infection, symptom, symptoms, wound
"""
_PROCEDURES = """
surgery, surgical, biopsy, mri, ct scan, x-ray, xray, ultrasound, mammogram, colonoscopy, endoscopy, ecg, ekg,
echocardiogram, chemotherapy, chemo, radiotherapy, radiation therapy, dialysis, transplant, appendectomy,
cholecystectomy, hysterectomy, mastectomy, angioplasty, stent, catheter, intubated, intubation, ventilator, icu, blood
test, lab results, blood glucose, hba1c, a1c, cholesterol, creatinine, hemoglobin, biopsied, vaccination, vaccine,
vaccinated, immunization, physical therapy, psychotherapy, abortion, c-section, cesarean, hospice, palliative,
inpatient, outpatient, hospitalized, hospitalised, admitted to hospital, emergency room, discharge summary, medical
history, prescription, prescribed, dosage, oncology, cardiology, psychiatry, psychiatric, neurology, nephrology,
urology, gynecology, obstetrics, dermatology, rheumatology, treatment plan, clinical note, mental health, patient
presents, pathology, radiology, anesthesia, blood type, vital signs, cd4, viral load
"""
_MEDICATION = """
metformin, insulin, lisinopril, atorvastatin, simvastatin, rosuvastatin, amlodipine, losartan, metoprolol, atenolol,
carvedilol, hydrochlorothiazide, furosemide, spironolactone, warfarin, apixaban, rivaroxaban, clopidogrel, aspirin,
heparin, enoxaparin, omeprazole, pantoprazole, esomeprazole, famotidine, levothyroxine, prednisone, prednisolone,
dexamethasone, albuterol, salbutamol, fluticasone, montelukast, amoxicillin, augmentin, azithromycin, ciprofloxacin,
levofloxacin, doxycycline, cephalexin, penicillin, vancomycin, ibuprofen, naproxen, acetaminophen, paracetamol,
diclofenac, tramadol, oxycodone, hydrocodone, morphine, fentanyl, codeine, methadone, buprenorphine, suboxone,
naloxone, gabapentin, pregabalin, sertraline, fluoxetine, citalopram, escitalopram, paroxetine, venlafaxine,
duloxetine, bupropion, trazodone, mirtazapine, lithium carbonate, quetiapine, olanzapine, risperidone, aripiprazole,
haloperidol, clozapine, lorazepam, alprazolam, diazepam, clonazepam, zolpidem, methylphenidate, adderall, amphetamine,
lamotrigine, levetiracetam, valproate, carbamazepine, phenytoin, topiramate, donepezil, levodopa, methotrexate,
adalimumab, humira, etanercept, rituximab, trastuzumab, tamoxifen, letrozole, cisplatin, carboplatin, paclitaxel,
doxorubicin, imatinib, pembrolizumab, tacrolimus, cyclosporine, hydroxychloroquine, remdesivir, oseltamivir,
acyclovir, valacyclovir, tenofovir, emtricitabine, truvada, biktarvy, dolutegravir, efavirenz, ozempic, semaglutide,
liraglutide, empagliflozin, sitagliptin, glipizide, glimepiride, sildenafil, tamsulosin, finasteride, estradiol,
progesterone, testosterone, allopurinol, colchicine, alendronate, ferrous sulfate, folic acid, xanax, prozac, zoloft,
lexapro, lipitor, plavix, eliquis, xarelto, ventolin, advil, tylenol, metformina, metformine, insulina,
insuline, paracetamolo, ibuprofeno, ibuprofène, ibuprofene, amoxicilina,
amoxicilline, amoxicillina, aspirina, omeprazol, oméprazole, omeprazolo, atorvastatina, atorvastatine, enalapril,
ramipril, bisoprolol, losartana, losartan, dipirona, sinvastatina, simvastatina, amlodipina, furosemida,
hidroclorotiazida, levotiroxina,
percocet, vicodin, oxycontin, ritalin
"""

_GERMAN = """
diagnose, befund, anamnese, zuckerkrankheit, bluthochdruck, herzinfarkt, schlaganfall, herzinsuffizienz, vorhofflimmern,
krebs, krebserkrankung, tumorerkrankung, brustkrebs, lungenkrebs, darmkrebs, leukämie, metastasen, lungenentzündung,
bronchitis, grippe, tuberkulose, epilepsie, demenz, depressionen, angststörung, schizophrenie, essstörung, bulimie,
anämie, leberzirrhose, nierenversagen, niereninsuffizienz, blinddarmentzündung, magengeschwür, rheuma,
arthrose, osteoporose,
bandscheibenvorfall, knochenbruch, gehirnerschütterung, fehlgeburt, schilddrüsenunterfunktion, allergie, brustschmerzen,
atemnot, bauchschmerzen, kopfschmerzen, übelkeit, schwindel, fieber, husten, durchfall, blutdruck, blutzucker, blutbild,
chemotherapie, strahlentherapie, operation am, magenspiegelung, darmspiegelung, überweisung zum, krankenakte, arztbrief,
behandlungsplan, medikation, verschrieben, laborbefund, intensivstation, stationär aufgenommen
"""
_FRENCH = """
diagnostic, antécédents médicaux, diabète, diabétique, hypertension artérielle, asthme, cancer du sein,
cancer du poumon, tumeur, leucémie, métastases, infarctus, accident vasculaire cérébral, insuffisance cardiaque,
insuffisance rénale, fibrillation auriculaire, pneumonie, grippe, tuberculose, hépatite, épilepsie, démence,
dépression nerveuse, schizophrénie, trouble bipolaire, anorexie, boulimie, cirrhose, appendicite, ulcère,
polyarthrite, arthrose, ostéoporose, fausse couche, allergie, douleur thoracique, essoufflement, fièvre, toux, nausées,
vomissements, diarrhée, vertiges, tension artérielle, glycémie, chimiothérapie, radiothérapie, dialyse, échographie,
coloscopie, ordonnance, dossier médical, compte rendu opératoire, traitement médical, hospitalisé, hospitalisée
"""
_SPANISH = """
diagnóstico, antecedentes médicos, historial médico, diabético, diabética, hipertensión, asma, cáncer, cáncer de mama,
leucemia, metástasis, infarto, ictus, derrame cerebral, insuficiencia cardíaca, insuficiencia renal, neumonía, gripe,
tuberculosis, hepatitis, epilepsia, demencia, depresión, esquizofrenia, trastorno bipolar, anorexia, cirrosis,
apendicitis, úlcera, artrosis, aborto, alergia, dolor torácico, dolor en el pecho, falta de aire, fiebre, tos,
náuseas, vómitos, diarrea, mareos, presión arterial, tensión arterial, glucemia, quimioterapia, radioterapia, diálisis,
ecografía, colonoscopia, receta médica, historia médica, hospitalizado, hospitalizada, vih, migraña, cefalea, insomnio,
hipotiroidismo, arritmia cardíaca, trombosis, infección urinaria, embolia pulmonar, disnea
"""
_ITALIAN = """
diagnosi, anamnesi, diabete, diabetico, diabetica, ipertensione, asma bronchiale, cancro, tumore, tumore al seno,
leucemia, metastasi, infarto, ictus, insufficienza cardiaca, insufficienza renale, fibrillazione atriale, polmonite,
influenza stagionale, tubercolosi, epatite, epilessia, demenza, depressione, schizofrenia, disturbo bipolare, anoressia,
bulimia, cirrosi, appendicite, ulcera, artrosi, artrite, osteoporosi, aborto spontaneo, allergia, dolore toracico,
febbre, tosse, nausea, vomito, diarrea, vertigini, pressione arteriosa, glicemia, chemioterapia, dialisi, ecografia,
colonscopia, ricetta medica, ricoverato, ricoverata, referto, emicrania, insonnia, cefalea, aritmia cardiaca,
scompenso cardiaco, embolia polmonare, trombosi, ipotiroidismo, ipertiroidismo, infezione urinaria, ipercolesterolemia,
frattura del femore, ernia del disco, dispnea, affanno
"""
_PORTUGUESE = """
dor torácica, dor no peito, falta de ar, hipertensão, cefaleia, enxaqueca, insônia, insónia, câncer, cancro da mama,
câncer de mama, leucemia linfoblástica, enfarte, acidente vascular cerebral, insuficiência cardíaca,
insuficiência renal, tuberculose, hepatite, demência, depressão, esquizofrenia, transtorno bipolar,
perturbação bipolar, cirrose, artrite, osteoporose, febre, vômitos, vómitos, diarreia, tontura, tonturas,
pressão arterial, quimioterapia, diálise, ultrassonografia, receita médica, prontuário médico, internado, internada,
hipotireoidismo, hipotiroidismo, arritmia, infecção urinária, epilepsia refratária
"""
_NORTHERN = """
hoofdpijn, suikerziekte, hoge bloeddruk, longontsteking, borstkanker, longkanker, hartinfarct, beroerte, hartfalen,
koorts, benauwdheid, pijn op de borst, depressie, buikpijn,
huvudvärk, högt blodtryck, lunginflammation, bröstcancer, hjärtinfarkt, hjärtsvikt, astma, bröstsmärta, andnöd,
sockersjuka, buksmärta,
nadciśnienie, nadciśnienie tętnicze, cukrzyca, ból głowy, ból w klatce piersiowej, zapalenie płuc, rak piersi,
zawał serca, udar mózgu, gorączka, depresja
"""

LEXICONS = (
    Lexicon(id="health-diagnosis", type="health-term", words=words(_DIAGNOSES), reason="diagnosis"),
    Lexicon(id="health-symptom", type="health-term", words=words(_SYMPTOMS), score=0.7, reason="symptom"),
    Lexicon(id="health-procedure", type="health-term", words=words(_PROCEDURES), reason="procedure"),
    Lexicon(
        id="health-abroad",
        type="health-term",
        words=words(",".join((_GERMAN, _FRENCH, _SPANISH, _ITALIAN, _PORTUGUESE, _NORTHERN))),
        reason="diagnosis",
    ),
    Lexicon(id="medication", type="medication", words=words(_MEDICATION), score=0.9, reason="medication"),
    Lexicon(
        id="icd",
        words=words(
            "icd, icd-10, icd10, icd-10-cm, icd 10, diagnosis, diagnosis code, diagnoses, dx, diagnosed, code, codes, "
            "diag, assessment, impression, problem list, coded, diagnose, diagnosen, hauptdiagnose, nebendiagnose, "
            "cim-10, cie-10, cid, cid-10, cid10, diagnostic, diagnóstico, diagnosi"
        ),
    ),
)

RECOGNIZERS = (
    Recognizer(
        id="icd-10",
        type=None,
        pattern=r"\b[A-TV-Z][0-9][0-9AB](?:\.[0-9A-Z]{1,4})?\b",
        gate=r"\b[A-TV-Z][0-9][0-9AB]",
        near=(Near(lexicon="icd", type="icd-10", score=0.9, before=40, after=24),),
    ),
)
