"""Health terms: diagnoses, symptoms, procedures, medication, ICD-10 codes beside a word that says so."""

from gateway.checks.classification.recognizer import Label, Lexicon, Near, Recognizer, words

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
prognosis, comorbidity, comorbidities, malignant, benign, remission, terminally ill, disability, paralysis, amputation,
afib, a-fib, atrial flutter, congestive heart failure, cardiac arrest, cardiomyopathy, aneurysm, aortic stenosis,
mitral regurgitation, heart murmur, heart disease, high blood pressure, high cholesterol, hyperglycemia,
hypoglycemia, prediabetes, prediabetic, ketoacidosis, retinopathy, metabolic syndrome, polycystic ovary,
polycystic ovary syndrome, uterine fibroids, fibroids, ovarian cyst, stillbirth, postpartum depression,
erectile dysfunction, prostatitis, prostatic hyperplasia, incontinence, pyelonephritis, cystitis, sexually
transmitted disease, sexually transmitted infection, genital warts, trichomoniasis, herpes zoster, chickenpox,
measles, mumps, rubella, malaria, dengue, cholera, typhoid, monkeypox, lyme disease, mononucleosis, strep throat,
tonsillitis, sinusitis, otitis, pharyngitis, laryngitis, pleural effusion, emphysema, pulmonary fibrosis,
sarcoidosis, flu, anxiety, panic attack, panic disorder, agoraphobia, obsessive-compulsive disorder, obsessive
compulsive disorder, personality disorder, schizoaffective, suicide attempt,
attempted suicide, self harm, alcohol abuse, alcohol use disorder, alcohol dependence, alcohol withdrawal, drug abuse,
substance use disorder, in rehab, recovering alcoholic, is an alcoholic, was an alcoholic, alcoholics anonymous,
opioid dependence, heroin addiction, tourette's, tourette syndrome, asperger's, asperger syndrome, dyslexia, dyslexic,
autistic, learning disability, intellectual disability, developmental delay, cognitive impairment, huntington's
disease, lou gehrig's disease, amyotrophic lateral sclerosis, motor neurone disease, motor neuron disease,
guillain-barré, myasthenia gravis, bell's palsy, trigeminal neuralgia, sciatica, carpal tunnel, spinal stenosis,
herniated disc, slipped disc, spina bifida, paraplegic, quadriplegic, paraplegia, tetraplegia, hemiplegia, traumatic
brain injury, hematoma, haematoma, hydrocephalus, transient ischemic attack, cerebrovascular accident, peripheral
artery disease, peripheral vascular disease, varicose veins, lymphedema, anemic, anaemic, thrombocytopenia,
neutropenia, leukopenia, thalassemia, myeloma, hodgkin's, glioblastoma, mesothelioma, neuroblastoma, squamous cell,
adenocarcinoma, diverticulitis, diverticulosis, irritable bowel, inflammatory bowel disease, gastroenteritis,
gastroparesis, hemorrhoids, haemorrhoids, fatty liver, liver failure, liver disease, kidney failure, renal disease,
renal insufficiency, nephrotic syndrome, hyperkalemia, hyponatremia, hypokalemia, graves' disease, hashimoto's, goiter,
addison's disease, cushing's syndrome, osteopenia, osteomyelitis, tendonitis, bursitis, rotator cuff tear, torn acl,
torn meniscus, plantar fasciitis, ankylosing spondylitis, sjögren's, scleroderma, vasculitis, psoriatic arthritis,
rosacea, acne, vitiligo, alopecia, urticaria, impetigo, scabies, macular degeneration, retinal detachment, hearing
loss, hearing impaired, visually impaired, legally blind, born deaf, deaf in, deaf-mute, born blind, blind in,
bedridden, terminal illness, chronic pain, chronic fatigue, long covid, hypertensive, asthmatic, epileptic, hiv+,
immunocompromised, immunodeficiency, premature birth, disabled veteran, disabled child, physically disabled,
mentally disabled, he is disabled,
she is disabled, sick leave, wheelchair, wheelchair-bound, amputee,
hospitalized with, hospitalised with
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
presents, pathology, radiology, anesthesia, blood type, vital signs, cd4, viral load,
hip replacement, knee replacement, joint replacement, valve replacement, vasectomy, tubal ligation, laparoscopy,
laparoscopic, arthroscopy, bronchoscopy, cystoscopy, gastroscopy, lumbar puncture, spinal tap, spinal fusion,
laminectomy, craniotomy, thyroidectomy, prostatectomy, nephrectomy, splenectomy, colectomy, lumpectomy, tonsillectomy,
gastrectomy, oophorectomy, coronary artery bypass, coronary bypass, heart bypass, cardiac catheterization, cardiac
ablation, blood transfusion, ivf, in vitro fertilization, in vitro fertilisation, artificial insemination,
amniocentesis, pap smear, pet scan, bone scan, dexa scan, eeg, angiogram, spirometry, holter monitor,
electroconvulsive therapy, cognitive behavioral therapy, cognitive behavioural therapy, methadone clinic, root canal,
tooth extraction, dental implant, liposuction, rhinoplasty, skin graft, hormone therapy, gastric sleeve, gastric band,
bariatric, physiotherapy, occupational therapy, speech therapy, has a pacemaker, a pacemaker, her pacemaker, his
pacemaker, cardiac pacemaker, pacemaker implant, pacemaker implantation, pacemaker placement, defibrillator, insulin
pump, hearing aid, cochlear implant, prosthesis, prosthetic leg, prosthetic limb, colostomy, ileostomy, feeding tube,
tracheostomy, cpap, bipap, crutches, picc line, intrauterine device, breast implant, glucose monitor, nebulizer,
inhaler, oncologist, cardiologist, neurologist, nephrologist, urologist, gynecologist, gynaecologist, dermatologist,
rheumatologist, endocrinologist, gastroenterologist, hematologist, haematologist, pulmonologist, psychiatrist,
psychotherapist, obstetrician, anesthesiologist, anaesthetist, ophthalmologist, orthopedist, hepatologist, radiologist,
fertility clinic, fertility treatment, pain clinic, endocrinology, gastroenterology, hematology, haematology,
ophthalmology, pulmonology, gynaecology, neurosurgery, orthopedics, orthopaedics, maternity ward, psychiatric ward,
intensive care, drug test, urine test, pregnancy test, hiv test, sti test, std test, mris, utis, ecgs, ekgs
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
percocet, vicodin, oxycontin, ritalin,
viagra, cialis, tadalafil, levitra, vardenafil, keytruda, opdivo, nivolumab, herceptin, avastin, bevacizumab, ocrevus,
ocrelizumab, tysabri, natalizumab, copaxone, stelara, ustekinumab, remicade, infliximab, enbrel, cosentyx, secukinumab,
dupixent, dupilumab, skyrizi, rinvoq, upadacitinib, xeljanz, tofacitinib, otezla, wegovy, mounjaro, zepbound,
tirzepatide, victoza, trulicity, dulaglutide, jardiance, farxiga, dapagliflozin, januvia, invokana, canagliflozin,
pioglitazone, glyburide, lantus, humalog, novolog, levemir, entresto, sacubitril, digoxin, diltiazem, verapamil,
nifedipine, hydralazine, clonidine, valsartan, olmesartan, irbesartan, candesartan, telmisartan, benazepril, quinapril,
propranolol, nebivolol, labetalol, chlorthalidone, torsemide, bumetanide, pravastatin, ezetimibe, fenofibrate,
gemfibrozil, repatha, amiodarone, flecainide, sotalol, dabigatran, pradaxa, ticagrelor, brilinta, prasugrel,
nitroglycerin, isosorbide, crestor, zocor, norvasc, coumadin, lasix, synthroid, nexium, prilosec, protonix,
lansoprazole, ranitidine, ondansetron, zofran, metoclopramide, loperamide, mesalamine, sulfasalazine, azathioprine,
mycophenolate, leflunomide, meloxicam, celecoxib, celebrex, cyclobenzaprine, tizanidine, baclofen, methocarbamol,
hydromorphone, dilaudid, tapentadol, naltrexone, vivitrol, acamprosate, disulfiram, antabuse, varenicline, chantix,
sublocade, lyrica, neurontin, cymbalta, effexor, wellbutrin, celexa, paxil, seroquel, abilify, zyprexa, risperdal,
latuda, lurasidone, ziprasidone, paliperidone, invega, vyvanse, lisdexamfetamine, concerta, strattera, atomoxetine,
guanfacine, klonopin, ativan, valium, ambien, temazepam, buspirone, hydroxyzine, amitriptyline, nortriptyline, doxepin,
clomipramine, vortioxetine, trintellix, desvenlafaxine, ketamine, esketamine, spravato, depakote, lamictal, keppra,
tegretol, oxcarbazepine, lacosamide, phenobarbital, primidone, sumatriptan, rizatriptan, aimovig, memantine,
rivastigmine, aricept, carbidopa, sinemet, ropinirole, pramipexole, riluzole, descovy, genvoya, triumeq, atripla,
raltegravir, isentress, darunavir, abacavir, lamivudine, zidovudine, ritonavir, paxlovid, sofosbuvir, harvoni, epclusa,
tamiflu, fluconazole, nystatin, ivermectin, clindamycin, metronidazole, nitrofurantoin, trimethoprim,
sulfamethoxazole, bactrim, cefuroxime, ceftriaxone, meropenem, linezolid, gentamicin, tobramycin, rifampin, isoniazid,
budesonide, symbicort, advair, spiriva, tiotropium, ipratropium, salmeterol, singulair, cetirizine, loratadine,
fexofenadine, diphenhydramine, benadryl, epipen, epinephrine, clomid, clomiphene, anastrozole, exemestane, fulvestrant,
bicalutamide, enzalutamide, xtandi, abiraterone, lupron, leuprolide, docetaxel, gemcitabine, oxaliplatin, irinotecan,
capecitabine, vincristine, cyclophosphamide, bortezomib, lenalidomide, revlimid, ibrutinib, imbruvica, osimertinib,
tagrisso, palbociclib, ibrance, olaparib, lynparza, mifepristone, misoprostol, levonorgestrel, depo-provera, nexplanon,
premarin, raloxifene, prolia, denosumab, risedronate, fosamax, medroxyprogesterone, cabergoline, methimazole,
propylthiouracil, desmopressin, oxybutynin, solifenacin, dutasteride, terazosin, doxazosin, epoetin, filgrastim,
hydroxyurea
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
behandlungsplan, medikation, verschrieben, laborbefund, intensivstation, stationär aufgenommen,
krebskrank, krebspatient, krebspatientin, prostatakrebs, hautkrebs, gebärmutterhalskrebs, angstzustände, panikattacke,
panikattacken, alkoholismus, alkoholsucht, multiple sklerose, herzschrittmacher, rollstuhl, hüftprothese, hüft-tep,
knie-tep, vasektomie, herzkatheter, herzklappe, bypass-operation, dialyse, dialysepflichtig, burnout-syndrom, autismus,
autistisch, zöliakie, fibromyalgie, adipositas, thrombose, lungenembolie, gürtelrose, neurodermitis, bipolare störung,
borderline-störung, zwangsstörung, psychose, suizidversuch, krankenschein, reha-klinik, entzugsklinik, krankgemeldet,
onkologe, onkologin, onkologie, kardiologe, kardiologin, psychiater,
psychiaterin, nervenarzt, gynäkologe, gynäkologin, diabetiker, diabetikerin, herzrhythmusstörungen,
nierentransplantation, blutverdünner, hypertonie, arterielle hypertonie, khk, copd-patient, hörgerät,
gehbehindert, pflegegrad, kaiserschnitt, totgeburt, geschlechtskrankheit
"""
_FRENCH = """
diagnostic, antécédents médicaux, diabète, diabétique, hypertension artérielle, asthme, cancer du sein,
cancer du poumon, tumeur, leucémie, métastases, infarctus, accident vasculaire cérébral, insuffisance cardiaque,
insuffisance rénale, fibrillation auriculaire, pneumonie, grippe, tuberculose, hépatite, épilepsie, démence,
dépression nerveuse, schizophrénie, trouble bipolaire, anorexie, boulimie, cirrhose, appendicite, ulcère,
polyarthrite, arthrose, ostéoporose, fausse couche, allergie, douleur thoracique, essoufflement, fièvre, toux, nausées,
vomissements, diarrhée, vertiges, tension artérielle, glycémie, chimiothérapie, radiothérapie, dialyse, échographie,
coloscopie, ordonnance, dossier médical, compte rendu opératoire, traitement médical, hospitalisé, hospitalisée,
anxiété, crise d'angoisse, crises d'angoisse, trouble anxieux, alcoolisme, sclérose en plaques, maladie d'alzheimer,
maladie de parkinson, stimulateur cardiaque, fauteuil roulant, prothèse de hanche, prothèse de genou, vasectomie,
césarienne, oncologue, cardiologue, psychiatre, gynécologue, neurologue, hypertendu, hypertendue, autisme, autiste,
fibromyalgie, obésité, endométriose, schizophrène, cancéreux, cancéreuse,
chirurgie cardiaque, embolie pulmonaire, thrombose, dépressif, dépressive, épileptique, bpco,
tentative de suicide, greffe de rein
"""
_SPANISH = """
diagnóstico, antecedentes médicos, historial médico, diabético, diabética, hipertensión, asma, cáncer, cáncer de mama,
leucemia, metástasis, infarto, ictus, derrame cerebral, insuficiencia cardíaca, insuficiencia renal, neumonía, gripe,
tuberculosis, hepatitis, epilepsia, demencia, depresión, esquizofrenia, trastorno bipolar, anorexia, cirrosis,
apendicitis, úlcera, artrosis, aborto, alergia, dolor torácico, dolor en el pecho, falta de aire, fiebre, tos,
náuseas, vómitos, diarrea, mareos, presión arterial, tensión arterial, glucemia, quimioterapia, radioterapia, diálisis,
ecografía, colonoscopia, receta médica, historia médica, hospitalizado, hospitalizada, vih, migraña, cefalea, insomnio,
hipotiroidismo, arritmia cardíaca, trombosis, infección urinaria, embolia pulmonar, disnea,
ansiedad, trastorno de ansiedad, ataque de pánico, ataques de pánico, alcoholismo, esclerosis múltiple, enfermedad de
alzheimer, marcapasos, silla de ruedas, prótesis de cadera, prótesis de rodilla, vasectomía, cesárea, oncólogo,
oncóloga, cardiólogo, cardióloga, psiquiatra, ginecólogo, ginecóloga, neurólogo, neuróloga, fibrilación auricular,
hipertenso, hipertensa, autismo, celíaco, celíaca, fibromialgia, artritis, obesidad, sobredosis,
intento de suicidio, trasplante de riñón,
bronquitis, asmático, asmática, tumor cerebral
"""
_ITALIAN = """
diagnosi, anamnesi, diabete, diabetico, diabetica, ipertensione, asma bronchiale, cancro, tumore, tumore al seno,
leucemia, metastasi, infarto, ictus, insufficienza cardiaca, insufficienza renale, fibrillazione atriale, polmonite,
influenza stagionale, tubercolosi, epatite, epilessia, demenza, depressione, schizofrenia, disturbo bipolare, anoressia,
bulimia, cirrosi, appendicite, ulcera, artrosi, artrite, osteoporosi, aborto spontaneo, allergia, dolore toracico,
febbre, tosse, nausea, vomito, diarrea, vertigini, pressione arteriosa, glicemia, chemioterapia, dialisi, ecografia,
colonscopia, ricetta medica, ricoverato, ricoverata, referto, emicrania, insonnia, cefalea, aritmia cardiaca,
scompenso cardiaco, embolia polmonare, trombosi, ipotiroidismo, ipertiroidismo, infezione urinaria, ipercolesterolemia,
frattura del femore, ernia del disco, dispnea, affanno,
attacchi di panico, attacco di panico, disturbo d'ansia, alcolismo, sclerosi multipla, morbo di alzheimer, morbo di
parkinson, sedia a rotelle, protesi d'anca, protesi all'anca, vasectomia, parto cesareo, oncologo, oncologa,
cardiologo, cardiologa, psichiatra, ginecologo, ginecologa, iperteso, ipertesa, autismo, celiachia, fibromialgia,
obesità, chemio, tentato suicidio, trapianto di rene,
asmatico, asmatica, epilettico, epilettica, bronchite, bpco
"""
_PORTUGUESE = """
dor torácica, dor no peito, falta de ar, hipertensão, cefaleia, enxaqueca, insônia, insónia, câncer, cancro da mama,
câncer de mama, leucemia linfoblástica, enfarte, acidente vascular cerebral, insuficiência cardíaca,
insuficiência renal, tuberculose, hepatite, demência, depressão, esquizofrenia, transtorno bipolar,
perturbação bipolar, cirrose, artrite, osteoporose, febre, vômitos, vómitos, diarreia, tontura, tonturas,
pressão arterial, quimioterapia, diálise, ultrassonografia, receita médica, prontuário médico, internado, internada,
hipotireoidismo, hipotiroidismo, arritmia, infecção urinária, epilepsia refratária,
grávida, gravidez, gestante, cancro do pulmão, cancro, diabetes, diabético, diabética, asma, ansiedade, síndrome do
pânico, ataque de pânico, cadeira de rodas, baixa médica, atestado médico, licença médica, alcoólatra, alcoolismo,
toxicodependente, toxicodependência, dependência química, hipertenso, hipertensa, pneumonia, radioterapia, oncologista,
cardiologista, psiquiatra, ginecologista, neurologista, esclerose múltipla, doença de alzheimer, doença de parkinson,
marcapasso, pacemaker cardíaco, vasectomia, cesariana, cesárea, tosse, cirurgia cardíaca, prótese de anca, soropositivo,
soropositiva, autismo, obesidade, fibromialgia, leucemia, enfarte agudo, infarto, epilepsia,
bronquite, tentativa de suicídio, deficiente físico, pessoa com deficiência
"""
_NORTHERN = """
hoofdpijn, suikerziekte, hoge bloeddruk, longontsteking, borstkanker, longkanker, hartinfarct, beroerte, hartfalen,
koorts, benauwdheid, pijn op de borst, depressie, buikpijn,
huvudvärk, högt blodtryck, lunginflammation, bröstcancer, hjärtinfarkt, hjärtsvikt, astma, bröstsmärta, andnöd,
sockersjuka, buksmärta,
nadciśnienie, nadciśnienie tętnicze, cukrzyca, ból głowy, ból w klatce piersiowej, zapalenie płuc, rak piersi,
zawał serca, udar mózgu, gorączka, depresja,
kanker, darmkanker, prostaatkanker, huidkanker, zwanger, zwangerschap, hiv-positief, angststoornis, paniekaanval,
verslaving, alcoholverslaving, alcoholisme, longemfyseem, astma, nierfalen, nierziekte, leverziekte, hersenbloeding,
miskraam, chemokuur, bestraling, ziekenhuisopname, psychiater, cardioloog, oncoloog, gynaecoloog, neuroloog,
ziekteverlof, ziekgemeld, arbeidsongeschikt, gehandicapt, rolstoel, heupprothese, kunstheup, leukemie, reuma,
hartritmestoornis, boezemfibrilleren, schildklier, suikerpatiënt, gebroken heup, keizersnede, borderline-stoornis,
eetstoornis, dementie, multiple sclerose,
kreft, brystkreft, lungekreft, prostatakreft, sukkersyke, gravid, hjerteinfarkt, hjertesvikt, hjerneslag,
lungebetennelse, høyt blodtrykk, depresjon, rusmisbruk, alkoholmisbruk, rullestol, sykemeldt, sykmeldt, leddgikt,
psykisk lidelse, psykisk sykdom, spiseforstyrrelse, kræft, brystkræft, lungekræft, sukkersyge, blodprop, sygemeldt,
lungebetændelse, kørestol, psykisk sygdom, forhøjet blodtryk, hjertesygdom,
prostatacancer, lungcancer, hjärnblödning, förmaksflimmer, njursvikt, demens, epilepsi, missfall, drogmissbruk,
ätstörning, utmattningssyndrom, ledgångsreumatism, rullstol, sjukskriven, sjukskrivning, hjärnskakning,
pacemakeroperation, höftprotes, kejsarsnitt, cancersjuk, strålbehandling, cellgifter,
rak płuc, rak prostaty, rak jelita, rak jelita grubego, rak szyjki macicy, chory na raka, nowotwór, białaczka, w ciąży,
padaczka, niewydolność serca, niewydolność nerek, migotanie przedsionków, gruźlica, grypa, poronienie, alkoholizm,
uzależnienie, schizofrenia, zaburzenia lękowe, wózek inwalidzki, na wózku inwalidzkim, niepełnosprawny, niepełnosprawna,
zwolnienie lekarskie, chemioterapia, operacja serca, onkolog, kardiolog, psychiatra, ginekolog, choroba alzheimera,
stwardnienie rozsiane, zapalenie wątroby, zakrzepica, chory na cukrzycę, cukrzycę, rozrusznik serca, cesarskie cięcie
"""

# In capitals, and said of nothing else.
_SHORT = (
    "HTN|T[12]DM|NIDDM|IDDM|CKD|ESRD|ESKD|CABG|DVT|AF[Ii]B|HF[rp]EF|N?STEMI|TAVR|PCOS|BPH|LVEF|ORIF|NSCLC|SCLC|DLBCL|"
    "TNBC|PrEP|HAART|NICU|PICU|BPCO|VIH|KHK|IVG"
)
# In capitals too, of a currency, a standard, a unit or a program as often.
_AMBIGUOUS = (
    "CHF|CAD|MI|PE|TB|MS|ALS|AIDS|SIDA|STDs?|STIs?|TIA|CVA|OCD|MDD|GAD|OSA|RA|DM|AF|PVD|PAD|IBD|TBI|"
    "BPD|ADD|ASD|SLE|GDM|AKI|VTE|EPOC|CLL|CML|AML|CRC|HCC|RCC"
)
_OF_SOMEBODY = (
    r"(?:\b(?i:she|he|who|mother|father|wife|husband|son|daughter|brother|sister|patient|client|pt)|"
    r"\b[A-Z\xC0][a-z\xE0]{1,20} [A-Z\xC0][a-z\xE0'\-]{1,20})"
    r"(?:'s got| has| had| has got| was living with| lives with| suffers from| w/)"
    r"(?: (?:a|an|advanced|severe|chronic|late-stage))? "
)
_AGED = r"\b[0-9]{1,3} ?(?:(?i:y/?o|yo) )?[FM],? (?:with|w/) (?:(?:known|chronic|acute) )?"
_DRUG = r"(?i:\b(?:takes?|taking|on|prescribed|started|his|her|my|of) )"
_DOSED = r"(?i: (?:carbonate|level|levels|therapy|treatment|toxicity|for (?:bipolar|mania)|daily|[0-9]{2,4} ?mg)\b)"

_CODED = (
    "dx, dx code, diagnosis, diagnosis code, diag, diag code, diag cd, diagnosis cd, icd, icd code, icd-10, icd10, "
    "icd 10, icd-10-cm, icd10cm, icd 10 cm, icd-10 code, icd10 code, icd 10 code, icd-10-gm, diagnose, diagnosecode, "
    "diagnoseschlüssel, hauptdiagnose, nebendiagnose, cim-10, cim10, cie-10, cie10, cid-10, cid10"
)
_NUMBERED = ", ".join(
    f"{word}{gap}{place}"
    for word in ("dx", "diag", "diagnosis", "dx code", "diagnosis code", "icd")
    for gap in ("", " ")
    for place in range(1, 13)
    if f"{word}{place}" not in ("icd9", "icd10", "icd11")
)
"""As claims count them."""

LABELS = (
    # As claims write them, without the dot.
    Label(
        id="icd-10-labelled",
        lexicon="icd-close",
        type="icd-10",
        value="[A-Z][0-9][0-9AB][0-9A-Z]{0,4}",
        gap=4,
        score=0.9,
    ),
)

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
        # What tells that an abbreviation is an illness; what is a health term itself needs no other beside it.
        id="ailing",
        words=words(
            "patient with, patient has, patient w/, pt with, pt has, pt w/, pts with, hx, hx of, history of, h/o, pmh, "
            "pmhx, pmh of, dx, dx:, suffers from, suffering from, lives with, living with, died of, dying of, "
            "died from, treated for, treatment for, being treated for, screened for, presents with, presenting with, "
            "exacerbation, relapse, on dialysis, tested positive for, positive for, problem list, admitted with, "
            "admitted for, "
        ),
    ),
    Lexicon(
        id="icd",
        words=words(
            "icd, icd-10, icd10, icd-10-cm, icd 10, diagnosis, diagnosis code, diagnoses, dx, diagnosed, code, codes, "
            "diag, assessment, impression, problem list, coded, diagnose, diagnosen, hauptdiagnose, nebendiagnose, "
            "cim-10, cie-10, cid, cid-10, cid10, diagnostic, diagnóstico, diagnosi"
        ),
    ),
    Lexicon(id="icd-close", words=words(f"{_CODED}, {_NUMBERED}")),
)

RECOGNIZERS = (
    Recognizer(
        id="icd-10",
        type=None,
        pattern=r"\b[A-TV-Z][0-9][0-9AB](?:\.[0-9A-Z]{1,4})?\b",
        gate=r"\b[A-TV-Z][0-9][0-9AB]",
        near=(Near(lexicon="icd", type="icd-10", score=0.9, before=40, after=24),),
    ),
    Recognizer(
        id="health-short",
        type="health-term",
        pattern=rf"\b(?:{_SHORT})\b",
        gate=rf"\b(?:{_SHORT})\b",
        score=0.75,
        reason="diagnosis",
    ),
    Recognizer(
        id="health-short-beside",
        type=None,
        pattern=rf"\b(?:{_AMBIGUOUS})\b",
        gate=rf"\b(?:{_AMBIGUOUS})\b",
        near=(Near(lexicon="ailing", type="health-term", score=0.75, before=24, after=4),),
    ),
    Recognizer(
        # `Anna Miller has MS`, `93F with CHF`
        id="health-short-of-somebody",
        type="health-term",
        pattern=rf"(?:{_OF_SOMEBODY}|{_AGED})({_AMBIGUOUS})\b",
        gate=rf"(?:has|had|got|with|from|w/)(?: [a-z\-]{{1,10}})? (?:{_AMBIGUOUS})\b",
        score=0.75,
        reason="diagnosis",
    ),
    Recognizer(
        # Not of batteries.
        id="medication-lithium",
        type="medication",
        pattern=rf"{_DRUG}[Ll]ithium\b(?:{_DOSED}|[.,;])|\b[Ll]ithium{_DOSED}",
        gate=r"\b[Ll]ithium\b",
        score=0.8,
        reason="medication",
    ),
)
