"""Special categories and criminal matters (GDPR Art. 9 and 10), as far as words show them. What can only be inferred
cannot be promised; health has a family of its own."""

from gateway.checks.classification.recognizer import Lexicon, words

_RELIGION = """
catholic, roman catholic, protestant, muslim, jewish, hindu, buddhist, sikh, christian, atheist, agnostic, mormon,
jehovah's witness, evangelical, sunni, shia, orthodox jew, religious belief, converted to islam, quaker, lutheran
"""
_ORIENTATION = """
gay, lesbian, bisexual, homosexual, heterosexual, transgender, transsexual, asexual, queer, lgbt, lgbtq, non-binary,
nonbinary, sexual orientation, same-sex, sex life, coming out as, gender dysphoria, intersex
"""
_ETHNICITY = """
african american, african-american, hispanic, latino, latina, native american, caucasian, asian american, roma, sinti,
aboriginal, ethnicity, ethnic origin, racial origin, romani, inuit, mixed race, biracial
"""
_UNION = """
trade union, labor union, labour union, union member, union membership, shop steward, works council member, unionized,
union dues, teamsters, ver.di, ig metall
"""
_POLITICS = """
political opinion, political party, party member, party membership, communist, socialist party, registered democrat,
registered republican, voted for, political affiliation, political views, far-right, far-left
"""
_BIOMETRIC = """
fingerprint, fingerprints, retina scan, iris scan, facial recognition, voiceprint, faceprint, biometric, dna profile,
genetic test, genetic data, dna test, brca1, brca2, genome sequence
"""
_CRIMINAL = """
criminal record, convicted, conviction, felony, felon, misdemeanor, parole, probation officer, incarcerated, prison
sentence, arrest record, arrested for, ex-convict, sex offender, criminal offence, criminal offense, restraining order
"""

LEXICONS = (
    Lexicon(id="special-religion", type="special-religion", words=words(_RELIGION)),
    Lexicon(id="special-orientation", type="special-orientation", words=words(_ORIENTATION)),
    Lexicon(id="special-ethnicity", type="special-ethnicity", words=words(_ETHNICITY)),
    Lexicon(id="special-union", type="special-union", words=words(_UNION)),
    Lexicon(id="special-politics", type="special-politics", words=words(_POLITICS)),
    Lexicon(id="special-biometric", type="special-biometric", words=words(_BIOMETRIC)),
    Lexicon(id="special-criminal", type="special-criminal", words=words(_CRIMINAL)),
)
