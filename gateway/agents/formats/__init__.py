"""Formats of bodies that are not plain JSON: one module each, bytes' text into parts and back.

`hl7`, `hl7_fields`     HL7 v2 in ER7, and what its fields hold
`x12`, `x12_fields`     X12 interchanges, and what their elements hold
`fhir`, `fhir_elements` FHIR R4 in JSON, and what its elements hold
`xml`, `xml_paths`      XML, SOAP and CDA, and paths into them
`delimited`, `fixed`    CSV and fixed-width records by a declared layout
`pairs`, `multipart`    queries and forms, forms with files
`labels`                JSON that a schema labels
`layout`, `mapping`     what is declared of a route's bodies, and the file that declares it
`spans`                 fields between delimiters, by where they stand
`document`              what all formats that are not JSON share: slots, character sets
"""
