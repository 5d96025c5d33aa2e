"""Given names of the Latin alphabet, as the locales of Faker list them (see this package's notice): in two or more, or
in one of the larger. `FIRST` are hardly anything else; `DOUBTFUL` are words, places or products as well."""

from gateway.checks.classification.recognizer import entries

FIRST = frozenset(
    entries(
        """
Aachal Aada Aadhya Aadi Aage Aahana Aaliyah Aapo Aarav Aarini Aarna Aarnav Aarne Aaro Aaron Aarush Aarón Aashi Aatos
Aayush Abbas Abbey Abbie Abby Abdi Abdirahman Abdiş Abdul Abdulbekir Abdulgazi Abdulkadir Abdullah Abdullahi
Abdulmenaf Abdulsemet Abdurrahman Abdülahat Abdülcemal Abdülhadi Abdülkerim Abdülsamed Abdürreşit Abeer Abel Abelardo
Abelone Abha Abhimanyu Abhiram Abid Abigael Abigail Abigaíl Abilio Abiye Abner Abraham Abram Abuzar Acar Acarkan
Achille Achim Aclan Adak Adal Adalbert Adalberto Adam Adamo Adan Adasal Adda Addison Adel Adela Adelaida Adelardo
Adelasia Adelbert Adele Adelgunde Adelheid Adelia Adelin Adelina Adelinde Adeline Adelmo Adem Aden Adi Adil Adila
Adina Aditya Adlan Adnan Adolf Adolfine Adolfo Adonis Adora Adoración Adrian Adriana Adriane Adrianna Adrianne Adriano
Adrien Adrienn Adrienne Adrijana Adrián Adriána Advaith Advay Advik Advika Adviye Adweta Adya Adán Adèle Adéla
Adélaïde Adıgün Aedan Aenne Afer Afife Afonso Agapito Agastya Agata Agatha Agathe Aglaia Agne Agnes Agnesa Agnese
Agneta Agnete Agnieszka Agnolo Agnos Agnès Agostina Agostino Agripina Agustin Agustina Agustín Agáta Ahat Ahmad Ahmed
Ahmet Ahsen Ahter Ahti Aida Aidan Aideen Aiden Aiko Aila Aileen Aili Ailis Aimee Aimo Aimé Aimée Aina Ainara Aine Aino
Ainoa Airi Aisha Aishani Aisling Aitana Aitor Ajda Ajna Akalan Akar Akatay Akay Akbaş Akboğa Akcivan Akdora Akdurmuş
Akgöl Akgüneş Aki Akif Akise Akkerman Akmaner Akmaral Aksay Aksel Akseli Akshay Aksoy Aksöğüt Aktemür Akver Akyıldız
Akçabay Akçasu Aköz Akınal Alaaddin Alabezek Alaeddin Alain Alan Alana Alanalp Alanna Alannah Alara Alattin Alaz Alban
Albano Alberico Albert Alberta Alberte Albertina Albertine Alberto Albin Albina Albino Albrecht Albín Albína Alcan
Alcides Alda Alderano Aldo Aldonza Alec Alejandra Alejandro Alejo Aleks Aleksandar Aleksander Aleksandr Aleksandra
Aleksanteri Aleksej Aleksi Alen Alena Alenka Aleodor Alessandra Alessandro Alessia Alessio Aleta Alex Alexandar
Alexander Alexandr Alexandra Alexandre Alexandria Alexandrie Alexandrina Alexandros Alexandru Alexe Alexei Alexej
Alexia Alexis Aleš Alf Alfio Alfons Alfonsina Alfonso Alfonz Alfred Alfredo Alfréd Algot Algış Ali Aliabbas Alica
Alice Alicia Alicja Alida Aliihsan Alin Alina Aline Alis Alisa Aliseydi Alisha Alison Alissa Alistair Alistar Alix
Alize Alja Aljaž Aljoša Alka Alkor Allan Allana Allegra Allen Allison Almast Almira Almudena Almus Almut Almuth Alois
Aloisia Alojz Alojzia Alojzij Alojzija Alondra Alonso Aloys Alparslan Alpcan Alphons Alphonse Alphonsus Alpin Alpsü
Alsoy Altoğan Altuğ Altınbike Altınkaya Altınçiçek Altınışın Alva Alvar Alvaro Alve Alvin Alwin Alwina Alwine Alyssa
Alícia Alışık Alžbeta Alžběta Amada Amadeo Amadeus Amado Amador Amaira Amalia Amalie Amalija Amancio Amanda Amando
Amani Amara Amarilis Amaya Amaç Ambar Ambrose Ambrosio Ambróz Amedeo Amedeu Amelia Amelie Amie Amin Amina Amir Amira
Amleto Amol Amon Amos Amparo Amre Amrita Amruta Amy Amza Amália Amélia Amélie Américo Amílcar Ana Anabel Anabela
Anabella Anacleto Anaida Anamaria Anamika Anargül Anas Anastacia Anastasia Anastasie Anastasio Anastasios Anastazja
Anastázie Anatol Anatoli Anatolie Anatolij Anay Anaïs Anca Ancuța Anda Anders Anderson Andiç Andjela Andjelina Andor
Andra Andrada Andre Andrea Andreas Andree Andreea Andrei Andreia Andrej Andreja Andrejka Andres Andrew Andrey Andri
Andrian Andrija Andrzej András André Andréas Andrée Andrés Andy Anděla Ane Anej Anel Anemona Anes Aneta Anett Anette
Anežka Angela Angelica Angelika Angelina Angeline Angelino Angelique Angelita Angelo Anghel Anghelina Angie Angus
Angélica Anica Aniela Anika Anikó Anirudh Anita Anișoara Anja Anjali Anka Anke Ankica Anmol Ann Anna Annabel Annabell
Annabella Annabelle Annak Annalena Annaliese Annalisa Annalise Annamaria Annamarie Annamária Anne Annedore Annegret
Annegrete Annekatrin Anneke Annelene Anneli Annelie Annelies Anneliese Annelise Annelore Annemarie Annemette Annemie
Annemijn Annerose Annett Annetta Annette Anni Annibale Annica Annick Annie Anniina Annika Annikki Annita Annukka
Annunziata Anny Anouk Ansaldo Anselm Anselma Anselmo Ansgar Ansh Anssi Antal Antero Anthony Antim Antje Anto Antoaneta
Antoine Antoinette Anton Antonela Antonella Antonello Antoni Antonia Antonie Antonietta Antonija Antonina Antonino
Antonio Antonios Antoniu Antonius Antony Antonín Antti Antun Antónia António Antônio Anu Anunciación Anusha Anuța Anvi
Anya Aníbal Anđa Anđela Anže Aoife Apaydın Apolena Apolinar Apollo Apollonia Apolonia Apostolos Arabella Araceli
Aracely Aradhana Aran Aranka Arcan Arcelia Archie Arda Argu Ari Ariadna Arian Ariana Ariane Arianna Aribert Arie Ariel
Arif Arifcan Arild Arin Arina Aris Aristide Aristides Aristița Arja Arjun Arkadiusz Arkut Arlene Arlette Arley Arlo
Armahan Armand Armando Armida Armin Arnaldo Arnaude Arnd Arndt Arne Arnfried Arnim Arno Arnold Arnoldo Arnošt Arnulf
Arnulfo Aroa Aron Arpağ Arpád Arron Arsenie Arsenio Arta Artan Artemio Artemisa Arthur Artis Arto Arttu Artturi Artur
Arturo Aru Arunima Arvid Arvo Arya Aryan Arziye Arzu Aránzazu Arıel Arıkol Arıpınar Arısoy Asafe Asalet Asbjørn
Ascensión Asdrubal Asger Asha Asher Ashlee Ashleigh Ashley Ashling Ashton Asiman Asko Aslanhan Asliye Assar Assunta
Asta Aston Astrid Asu Asunción Asım Atagün Atalay Atanur Atasagun Atatöre Atena Atenulf Atgun Athanasios Atharv Athena
Ati Atila Atilhan Atilio Atiyye Atnan Atte Attila Atılgan Audrey Auguste Augustin Augustina Augustine Augusto Augustín
Aukusti Aulikki Aulis Aune Aura Aurel Aurelia Aurelian Aureliana Aureliano Aurelio Aurica Aurică Aurore Aurélia
Aurélie Ava Avgust Avi Avni Avram Avunç Avşin Axel Axenia Axinte Aya Ayaan Ayasun Ayaydın Aybet Aybora Aycagül Aydan
Aydar Ayden Aydinç Ayduru Aydınbey Ayesha Aygutalp Aygönenç Ayhan Aykut Aykutalp Ayla Ayleen Aylil Aylin Aylla
Aynilhayat Aynur Aynımah Ayoub Aypar Ayse Aysel Aysema Aysevim Aysoy Aysuna Aytek Ayten Aytuna Aytöz Ayush Ayushman
Ayvas Ayyaruk Ayçan Ayülker Ayşan Ayşeana Ayşenur Azaan Azad Azade Azahar Azahara Azeglio Azeneth Azettin Aziz Azize
Azra Azucena Açıkel Açılay Ağakişi Ağbegim Ağmur Aşhan Aşir Babett Babette Baccio Bachittar Badegül Baghyawati
Bahaddin Bahadurjit Bahittin Bahtinur Bakhshi Balatekin Balca Baldassare Baldomero Balduino Baldur Baldwin Balendra
Balhaar Bali Baljiwan Ballı Baltasar Baltaş Balthasar Balvan Balveer Balázs Bambi Banjeet Banü Baptist Bara Barak
Barbara Barbora Barbro Barbu Barica Bariş Barkha Barna Barnabás Barry Barsen Bart Bartek Bartholomew Bartholomäus
Bartley Bartolomej Bartolomeo Bartolomeu Bartolomé Barışcan Basarab Basilio Basriye Bastiaan Bastian Basım Baturay
Batırhan Baudelio Bautista Baydu Baykan Bayman Bayram Bayron Bayruhan Baytal Bayzettin Bağdat Bağdaş Başay Başhan
Başok Beata Beate Beatrice Beatrix Beatriz Bebe Becky Beda Bedi Bediriye Bedri Bedřich Begim Begoña Behiza Behrem
Bekbay Bekir Bektaşi Bela Belen Belgizar Belinda Belkize Bellisan Belo Belén Ben Benard Bence Bendegúz Benedek
Benedetto Benedict Benedicte Benedikt Benedikte Benedita Benek Bengibay Bengt Beni Beniamin Benice Benicio Benigna
Benigno Benita Benito Benjamim Benjamin Benjamín Benjámin Benno Benny Benol Benone Benoît Benson Bent Benta Bente
Benthe Bento Benvenuto Benício Beppe Berat Beray Beren Berend Berenice Bergen Berit Beriye Berkal Berki Berksay
Bernabé Bernadett Bernadette Bernadine Bernard Bernarda Bernardino Bernardita Bernardo Bernd Berndt Bernfried Bernhard
Bernhardine Bernice Bernt Bernward Berra Berran Berrin Berta Bertalan Bertha Berthold Bertil Berto Bertold Bertram
Bertrand Beryl Besey Besin Beste Beth Bethan Bethany Betina Betti Bettina Betty Beverley Beverly Beyda Beyhatun Beyler
Beyzade Bezek Beáta Beňadik Bhanumati Bhavani Bhavika Bhavini Bhavna Bhavya Biagio Bianca Bianka Bibi Bibiana Bibiána
Bican Bidayet Bienvenida Bilal Bilay Bilender Bilgen Bilginur Bilgütay Biljana Bilkay Billie Billy Biltaş Bimala Bina
Binay Binbaşar Binışık Birben Birger Birgid Birgit Birgitt Birgitta Birgitte Birgül Birsan Birsen Birte Birthe Biserka
Bishakha Bitten Bitül Bişar Bjarne Bjorn Björn Bjørg Bjørn Bladimir Blahoslav Blaine Blair Blake Blanca Blanduzia
Blanka Blas Blaž Blažej Blažena Boaz Bob Bobby Bodil Bodo Boe Boel Bogdan Bogdana Boglárka Bogomir Bohdan Bohdana
Bohumil Bohumila Bohumír Bohuslav Bohuslava Bohuš Bojan Boleslav Bonifacio Bonifác Bonnie Borahan Borataş Borbála
Boris Borja Borris Borut Borys Botond Boynak Bozbağ Bozena Bozerk Boztaş Boğatimur Bořivoj Boštjan Božena Božica
Božidara Božo Brad Bradley Brady Bram Brandi Brandon Brandy Branislav Branislava Branka Branko Braulio Braxton Brayan
Brayden Breanna Breda Brenda Brendan Brendon Breno Brent Brett Brian Briana Brianna Bridget Brien Brigid Brigita
Brigitta Brigitte Brijesh Brinda Brit Brita Britney Britt Britta Brittany Brittney Brodie Brogan Bronagh Bronislava
Bronwyn Bror Bruce Bruna Brunhild Brunhilde Bruni Brunilda Bruno Bryan Bryce Brândușa Brígida Brăduț Bucur
Buenaventura Buhari Bulunç Burakhan Burckhard Burcuhan Burghard Burkard Burkhard Burkhardt Burç Buyrukhan Buşra Byron
Bystrík Bálint Bárbara Bärbel Béatrice Béla Börje Börteçin Bøje Børge Büget Bünyamün Büreyre Büşranur Bănel Błażej
Břetislav Cabir Caetana Caio Caitlin Caitlyn Caitriona Caius Cajsa Calcedonio Caleb Calebe Calista Calisto Calixta
Calixto Callum Calogero Calvin Camelia Cameron Camil Camila Camilla Camille Camillo Camilo Campbell Canal Canan
Canberk Candace Candela Candelaria Candelario Candelas Candeniz Candice Canfeza Cangür Cannur Canseven Cansin Cantemir
Cantez Canur Caoimhe Capucine Caren Caridad Carin Carina Carine Carita Carl Carla Carlijn Carlito Carlo Carlos Carlota
Carlotta Carly Carmel Carmela Carmelita Carmelo Carmen Carmina Carmine Carminho Carola Carole Carolin Caroline Carolyn
Carolyne Carrie Carsten Casandra Casemiro Casey Casian Casiana Casper Cassidy Cassie Catalina Catarina Caterina Cathal
Catharina Catherine Cathleen Cathrin Cathrine Cathy Catinca Cato Catrin Catrina Catrine Catrinel Catriona Cauã Cauê
Cavit Cayetana Cayetano Cazimir Cebesoy Cebrián Cecelia Cecil Cecile Cecilia Cecilie Cecilija Cecilio Cecília Cedide
Cedric Cedrin Ceferino Celal Celeste Celestina Celestine Celestino Celia Celilay Celina Celine Celso Cemal Cemalettin
Cemil Cemiyle Cenan Cengiz Centa Cerasela Cercis Cesar Cesare Cetin Cevale Cevheri Ceyhun Ceylin Cezar Cezara Cezary
Cezayir Chaaya Chaitaly Chaitanya Chakradev Chakradhar Chakrika Chaman Chameli Champak Chanakya Chanchal Chandani
Chandra Chandran Chandresh Chantal Chantel Chantelle Charan Charita Charlene Charles Charlie Charline Charlott
Charlotta Charmaine Charo Charvi Chasmum Chatresh Chatura Chavvi Chelo Chelsey Chema Cherie Cheryl Cheyenne Chiara
Chita Chloe Chloé Chloë Chris Christa Christel Christelle Christer Christiana Christiane Christie Christin Christina
Christine Christl Christof Christofer Christoffer Christoph Christophe Christopher Christos Christy Chucho Chus Chuy
Ciara Ciaran Cihan Cihandide Cilli Cillian Cilly Cindoruk Cindy Cinthia Cintia Ciprian Cipriana Cipriano Ciriaco Ciril
Cirillo Cirino Cirkeline Ciro Ciríaco Citlali Claas Claes Claire Clara Clare Clarence Clarice Clarisa Clarissa Clark
Clas Claudia Claudine Claudio Claudiu Claudius Claus Clavs Clayton Clelia Clemens Clement Clemente Clementina
Cleopatra Cleto Clifford Clinton Cliodhna Cliona Clive Clodagh Cloe Clotilde Cláudio Cläre Clémence Clímaco Codie
Codin Codrin Codrina Codruț Codruța Cohen Cole Coleman Colette Colin Colleen Collette Collin Collins Colm Colton
Coluccio Colum Conal Conall Conan Concepción Concetta Concha Conchita Conn Connie Connor Conny Conor Conrad Conrado
Constance Constantin Constantina Constantino Constanza Constanze Constança Constanța Consuela Consuelo Cora Coral
Coralia Coralie Cord Cordula Corey Corina Corine Corinna Corinne Coriolano Cormac Cornel Cornelia Cornelio Cornelis
Corneliu Cornelius Corrado Corrie Cortney Corvin Cory Cosima Cosimo Cosme Cosmin Cosmina Costache Costantino Costanzo
Costel Costin Courtney Coşkun Craig Crenguța Crescencia Crin Crina Cristal Cristea Cristhian Cristian Cristiano
Cristina Cristobal Cristofer Cristofor Cristopher Cristóbal Csaba Csilla Csongor Ctibor Ctirad Cuheyna Cuman Curro
Curt Curtis Custodia Custodio Cvetka Cvetko Cynthia Cyprian Cyprián Cyril Cyrus Czeslaw Cándida Cándido Cäcilia
Cäcilie Cécile Cédric Célina Céline César Cüneyit Călin Cătălin Cătălina Daan Dacian Daciana Dafina Dafne Dag Dagmar
Dagmara Dagny Dagobert Dagoberto Daiana Daire Dajana Daksh Daksha Dakshesh Dalaja Dalan Dalbir Dalia Dalibor Dalila
Dalkılıç Dalton Dalvin Damaris Damian Damiano Damien Damijan Damini Damir Damián Damjan Damjana Damlanur Damon
Damyanti Dana Danae Dani Dania Danica Daniel Daniela Daniele Daniella Danielle Danijel Danijela Danilo Danique Daniël
Danna Danny Danuta Danuše Dany Danış Daphne Dara Darcy Daren Daria Dariana Darika Darin Darina Darinka Dario Darius
Dariusz Darja Darko Darlene Darpan Darragh Darrell Darren Darrin Darryl Darryn Darsh Daryl Darío Daudi Dave Davi David
Davin Davor Davorin Davy Dawid Dayamai Dayana Dayar Dayita Dayna Dağistan Deane Deanna Dearbhail Dearbhla Debbie Debby
Debora Deborah Deborrah Debra Decebal Declan Deepa Deha Deidre Deirdre Deisy Dejan Delfina Delfino Delia Delil
Delphine Demeter Demetra Demetrio Demian Demirbüken Demiriz Demirok Demiryürek Denis Denisa Denise Denisse Denizalp
Denkel Dennis Denny Dereck Derek Derick Derkay Dermot Derrick Dervla Deryanur Desiderio Desiree Desirée Desmond
Despina Detlef Detlev Devansh Devika Devin Devon Dewi Dex Deyanira Dezider Dezső Değer Değmeer Dhriti Dhruv Dian Diana
Diane Diann Dianne Diarmuid Dida Didier Didina Diedrich Diego Dierk Dieter Diethard Diethelm Diether Dietlind
Dietlinde Dietmar Dietrich Diken Dilan Dilara Dilcan Dilder Dilfeza Dilhuş Dillon Dilsitan Dilşat Dimas Dimitri
Dimitrina Dimitrios Dina Dinah Dincer Dinis Dino Dinu Dinçkol Dinçsü Diogo Dion Dionigi Dionisia Dionisio Dionne
Dionýz Dipta Dirican Dirk Dirlik Dita Ditmar Ditte Dittmar Divan Divya Diya Diána Dobromila Dobroslav Dobroslava
Dochia Doina Dolly Dolun Domagoj Domen Domenic Domenico Domhnall Dominga Dominic Dominick Dominik Dominika Dominique
Domitila Domnica Dona Donal Donald Donat Donata Donatella Donatello Donato Donna Dora Dorcas Doreen Dorel Dorian
Doriana Dorin Dorina Dorine Dorinel Doris Dorit Dorita Dorle Dorli Dorota Dorotea Dorothe Dorothea Dorothee Dorothy
Dorothée Dorottya Dorte Dorthe Doru Dorukhan Douglas Doğanalp Doğannur Doğanşah Doğuhan Draga Dragan Dragica Drago
Dragoș Dragutin Drahomír Drahomíra Drahoslav Drahoslava Dražen Duane Duarte Ducu Duha Duilio Duje Dumitra Dumitrana
Dumitru Duncan Dunja Duracan Durdali Durgadin Durmuşali Dursadiye Dursun Duruk Duruöz Dusan Dustin Duuk Duyguhan Dušan
Dušanka Dwayne Dylan Dylano Dániel Dávid Dáša Débora Dénes Dóra Dölensoy Döner Dörte Dörthe Dündaralp Dürrüşehvar
Eamon Eamonn Eba Ebba Ebbe Ebenezer Eberhard Eberhardt Ebony Ebuakil Ecaterina Ecegül Ecemiş Eckard Eckart Eckehard
Eckhard Eckhardt Eckhart Ecrin Eda Edaviye Edda Eddie Eddy Edel Edelbert Edelgard Edelmira Edelmiro Edeltraud
Edeltraut Edeltrud Eder Edgar Edgard Edgardo Edgübay Edhitha Edin Edina Edinson Edison Edita Edith Editha Edmond
Edmund Edmundo Edna Edoardo Edson Eduard Eduarda Eduardo Edvard Edvin Edward Edwin Edwina Eelis Eemeli Eemil Eerik
Eero Eesha Eetu Eeva Efe Efil Eflâtun Efrain Efraín Efser Eftimia Eftimie Egbert Egenur Eggert Egil Egon Ehrenfried
Ehrentraud Ehrhard Eija Eila Eileen Eilis Eilish Eimear Eimer Einar Einari Einer Eino Eira Eiravati Eirik Eitel Eivind
Eivor Ekaja Ekalinga Ekani Ekansh Ekanta Ekantika Ekapad Ekaraj Ekaterina Ekavir Ekbal Ekber Ekiya Ekkehard Ekkehart
Ekmel Ekrem Ekta Ela Eladio Elaine Elamiye Elbert Elda Eldar Eldon Eleanor Eleanora Elemér Elena Eleni Elenore Eleonor
Eleonora Eleonore Eleonóra Eleuterio Elfi Elfie Elfriede Elgin Elhan Eli Elia Elian Eliana Eliane Elias Eliecer Elif
Elifnur Eligia Eligio Eliisa Elijah Elin Elina Eline Elinor Elio Elis Elisa Elisabet Elisabeta Elisabeth Elisaveta
Elise Eliseo Elisha Eliza Elizabeta Elizabeth Elize Eliáš Eliška Elke Elladio Ellen Elli Ellie Ellinor Elliot Elliott
Ellis Elly Elma Elmar Elmer Elmeri Elmira Elmo Elna Elnur Eloah Elodia Elodie Elof Eloisa Eloise Elon Elona Eloy Eloá
Eloísa Elpidio Elsa Elsbeth Elsebeth Elsie Elsy Elton Elva Elvan Elvia Elvin Elvina Elvira Elvis Elvy Elvíra Elwira
Elyas Elza Elzbieta Elías Elöve Elżbieta Ema Emal Emanoil Emanuel Emanuela Emanuella Emanuelly Emanuil Emelie Emelina
Emely Emer Emerson Emese Emigdio Emil Emile Emilia Emilian Emiliana Emiliano Emilie Emilija Emilio Emilly Emily Emin
Emine Emir Emirşan Emiş Emma Emmanuel Emmanuelle Emmerich Emmet Emmett Emmi Emmy Emperatriz Emrullah Emília Enar
Encarna Encarnacion Encarnación Encarnita Enda Endre Enea Enes Enfes Engelbert Enginiz Engla Enikő Enna Ennio Enno
Enrico Enrique Enriqueta Ensari Ensio Enver Enya Enzio Enzo Eoghan Eoin Epifanio Eral Eraldo Erasmo Erastus Eraycan
Erbay Erbil Ercan Ercihan Erdal Erdemer Erdibay Erdmute Erdogan Erdursun Erem Eremia Erenalp Erensoy Ergener Erginel
Ergönül Ergül Ergün Erhard Erhardt Eric Erica Erich Erick Erik Erika Erin Erina Erinçer Eriş Erkan Erkinel Erkki
Erksoy Erkılıç Erla Erland Erling Ermanno Ermenegildo Ermes Ermutlu Erna Ernest Ernestina Ernestine Ernesto Ernő Erol
Eroğul Ersel Erseç Ertan Erten Ertuncay Ertün Ervaniye Ervin Ervín Erwin Eryk Eryn Eryıldız Erzsébet Eröz Erşat Esben
Esenbay Esengün Esentürk Eshana Esila Eskil Eskinalp Esko Esmanperi Esmarelda Esmee Esmeralda Esmée Esna Esparta
Espartaco Espen Esperanza Espiridión Esra Essi Esteban Estefany Estefanía Estela Estella Estelle Ester Estera Esteri
Esther Estrella Eszter Eta Etela Etelka Etelvina Ethan Ethel Etienne Etna Etta Ettore Eufemia Eufrosina Eugen Eugene
Eugenia Eugenie Eugenio Eugène Eugénia Eulalia Eulália Eunice Eunika Eusebia Eusebio Eusebiu Eustaquio Eustațiu
Eutimio Eutropio Eva Evald Evaline Evamaria Evan Evance Evangelia Evangelina Evangelista Evangelos Evanghelina Evans
Evaristo Evcimen Evde Evelia Evelien Eveliina Evelin Evelina Eveline Evelio Evelyn Evelyne Evelína Evert Evi Evie
Evita Evrim Evrimer Evy Ewa Ewald Ewelina Eyyüp Ezekiel Ezequiel Ezgin Ezgütekin Ezio Ezra Eşim Eşref Faas Fabia
Fabian Fabiana Fabienne Fabio Fabiola Fabián Fabiënne Fabricio Fabrizia Fabrizio Facundo Fadile Fadime Fadıla
Fahrullah Faize Falak Falan Falguni Falko Fami Fanni Fanny Faqid Farah Faraj Faras Farhan Fariq Faris Faruk Fatigül
Fatih Fatinur Fatma Fatmanur Faustino Fausto Fay Faye Fayize Fazul Feargal Fearghal Febe Fedde Fedele Feden Federica
Federico Federigo Fedor Fehim Fehmiye Felicia Feliciana Feliciano Felicidad Felicitas Felicity Feliks Feline Felipa
Felipe Felisa Felix Felizitas Fem Femke Fenna Fenne Fenni Ferahdiba Ferat Feraye Ferdi Ferdinand Ferdinando Feremez
Ferenc Fergal Fergus Ferhan Ferihan Ferinaz Fermuta Fermín Fernand Fernanda Fernando Fersan Feryas Ferzi Festus
Fetullah Feyha Feyruz Feyzin Feza Fiamma Fidaye Fidel Fidela Fien Fiene Fildan Filip Filipa Filipe Filippa Filippo
Filit Filiz Filofteia Filomena Filoména Finbar Finn Fintan Fiodor Fiona Fionnuala Fiorenzo Fiorino Firdevis Fitan
Fitnat Fito Fiyaz Flavia Flavio Flaviu Flemming Fletcher Floare Floarea Floortje Flor Flora Florea Florencio Florent
Florentin Florentina Florentine Florentino Florența Florian Floriana Florica Florin Florina Florinda Floris Florián
Folke Folker Folkert Fortunata Fortunato Frado Fran Franca Frances Francesca Francesco Franci Francine Francis
Francisc Francisca Francisco Franciska Franciszek Franck Franco Francoise Franjo Franka Frankie Frans František
Františka Franz Franziska François Françoise Frančišek Frauke Fred Freda Freddy Frede Frederic Frederick Frederico
Frederik Frederika Frederike Frederikke Frederique Fredi Fredo Fredric Fredrick Fredrik Fredrika Fredy Freia Freja
Freya Frida Fridolin Fridrich Frieda Friedbert Friedemann Frieder Friedericke Friederike Friedhelm Friedhilde
Friedhold Friedl Friedlinde Friedo Friedrich Frithjof Fritz Frode Frusina Fryderyk Frédéric Frédérique Fulgencio
Fulvio Fuma Fuzuli Fábio Fátima Féline Félix Fügen Gabel Gabi Gabino Gabor Gabriel Gabriela Gabriele Gabriella
Gabrielle Gabrielly Gaby Gael Gaetano Gagan Gail Gaja Galasso Galina Galip Galo Ganga Ganiye Gareth Garima Garret
Garrett Garry Gary Gaspar Gaspare Gaston Gastone Gastón Gaurang Gaurangi Gaurav Gauri Gaurika Gautam Gautami Gavin
Gayathri Gaylene Gazel Gaëlle Gašpar Geanina Gebhard Geert Geetika Geir Gejza Gelengül Gelsomina Gelu Gema Gemma
Genaro Gencaslan Genevieve Geneviève Gennaro Genoveva Gençay Gențiana Geoffrey Georg George Georgel Georges Georgeta
Georgette Georgian Georgiana Georgina Georgine Georgios Gerald Geraldine Geraldo Gerard Gerardo Geray Gerd Gerda Gerdi
Gereon Gerfried Gergely Gergő Gerhard Gerhardt Gerhart Gerhild Geri Gerlind Gerlinde Germaine Germana Germán Gernot
Gero Gerold Gerolf Geronimo Gerrit Gerry Gerson Gert Gerta Gerti Gertraud Gertraude Gertraut Gertrud Gertrude
Gertrudis Gertrúda Gervasio Gerwin Gerónimo Gesa Gesche Gesine Geta Geza Ghenadie Gheorghe Gheorghiță Gherghina
Ghislaine Ghiță Giacinto Giacobbe Giacomo Giada Giampaolo Giampiero Gian Giancarlo Gianfrancesco Gianfranco Gianina
Gianluca Gianluigi Gianmarco Gianna Gianni Gianpaolo Gianpietro Gibson Gicu Gică Gideon Giel Giesela Gijs Gil Gilbert
Gilberte Gilberto Gilda Giles Gilles Gillian Gillis Gilman Gina Ginette Gino Ginyas Gioacchino Gioachino Gioele
Gioffre Gionata Giorgia Giorgian Giorgiana Giorgio Giosuè Giovanna Giovanni Giovanny Girik Girindra Girish Girolamo
Gisa Gisbert Gisela Giselle Gislinde Gisselle Gisèle Gitta Gitte Giulia Giuliana Giuliano Giulietta Giulio Giuseppe
Giuseppina Giustino Giz Gizela Gizella Gladis Gladys Glauco Glenda Glenn Godfrey Godofredo Goffredo Goncafer Gonzalo
Gonçalo Gopal Goran Gorazd Gordana Gordon Gorm Gottfrid Gottfried Gotthard Gotthilf Gotthold Gottlieb Gottlob Goyo
Gracia Graciana Graciano Graciela Graeme Graham Grainne Grayson Graziano Graziella Grazyna Grațian Grațiana Grațiela
Greca Greg Grega Greger Gregg Gregor Gregorian Gregorio Gregory Greta Gretchen Grete Gretel Grethe Gretl Gretta
Grigore Griselda Grit Gro Grzegorz Grégoire Gréta Guadalupe Guarino Gudrun Gudula Guenter Guenther Guglielmo Guido
Guilherme Guillaume Guillermina Guillermo Guiomar Guiseppe Gunar Gunbir Gunborg Gunda Gundel Gundhild Gundi Gundolf
Gundula Guneet Gunhild Gunilla Gunn Gunnar Gunnel Gunner Gunter Gunther Guntram Gunvor Gurli Gust Gustaf Gustav
Gustavo Gustaw Gusti Gustáv Gusztáv Guus Guusje Gwen Gwendolyn Gyda Gyula Gyöngyi György Györgyi Győző Gábor Gérard
Géza Gök Gökay Gökbudun Göken Göknur Gökperi Göksev Gökten Gökçe Gökçebalan Gökçil Göli Gönen Gönül Göran Görgünay
Görklü Görsev Gösta Göte Götz Gözel Gözem Gücal Gül Gülay Gülağa Gülbani Gülbeyan Gülbiye Gülcegün Güldam Gülder
Güldünya Gülel Gülenay Güler Gülev Güleğen Gülfari Gülfeza Gülgen Gülgüzel Gülhisar Gülinaz Gülkadın Güllühan Gülmisal
Gülnaziye Gülper Gülsalın Gülselin Gülsen Gülseren Gülsevil Gülsiye Gülsü Gülten Gülter Gülzadiye Gülçe Gülözge Gülüs
Gülşa Gülşahin Gülşeref Gümüştekin Günar Günaydin Günden Gündüzalp Günebakan Güneri Güngördü Güngören Günkurt Günsel
Günser Günter Günther Günver Günşen Gürarda Gürcüye Gürelcem Gürsal Gürten Güverçin Güzey Güçal Güçlüer Güçyeter
Habibe Haciali Hacile Hadassa Hadrey Hafıza Hailey Hajnalka Hajo Hakan Hakikat Hakim Halenur Haley Halidun Halil
Halima Halina Haliye Halley Haluk Hami Hamid Hamish Hamiyet Hampus Hamsini Hamza Hana Hanbiken Hanedan Hanife Hanim
Hanna Hannah Hannchen Hanne Hannele Hannelore Hannes Hanni Hanno Hanns Hannu Hanny Hans Hansgeorg Hansjoachim Hansjörg
Hansjürgen Hanspeter Hansultan Haralamb Haralambie Harald Harbinaz Hardik Hardy Harinakshi Harini Harish Harita Hariz
Harley Harold Haroldo Harper Harri Harriet Harrison Harro Harry Harshil Hartmut Hartmuth Hartwig Harun Harvey Hasan
Hasbek Hasgül Hasret Hassan Hasso Hatem Hatice Hatin Havali Havse Hayali Hayden Haydée Hayel Hayleigh Hayley Hayret
Hayrünnisa Hazel Hazine Hazrat Hector Hedda Hedi Hedvig Hedviga Hedvika Hedwig Hedy Hege Heide Heidelinde Heidelore
Heidemarie Heiderose Heidi Heidrun Heidy Heike Heikki Heiko Heimo Heiner Heinfried Heini Heino Heinrich Heinz Heitor
Hekime Hekmet Helen Helena Helene Helfried Helga Helge Heli Helinä Heliodoro Hella Helle Hellen Hellena Hellevi
Hellmut Hellmuth Helma Helmar Helmer Helmi Helmtrud Helmut Helmuth Heloisa Heloísa Helvi Helén Heléne Hema Hemal
Hemang Hemangini Hemani Hendrik Henife Henna Henner Henni Henning Henny Henri Henric Henrich Henrieta Henrietta
Henriette Henrik Henrike Henrikki Henrique Henry Henryk Heracleea Heraclio Herbert Herberto Herdis Heribert Heriberto
Herlinde Herma Herman Hermann Hermanni Hermelinda Hermenegildo Hermina Hermine Herminia Herminio Hermína Hernando
Hernán Herrmann Herta Hertha Herwig Heva Heyvetullah Hezniye Hidde Hidir Hilario Hilary Hilayda Hilbert Hilda Hildburg
Hilde Hildegard Hildegart Hildegund Hildegunde Hilding Hildur Hilkka Hillary Hillevi Hilma Hilmar Hiltraud Hiltrud
Hindal Hinet Hinrich Hipólito Hiral Hitesh Hiçsönmez Hjalmar Hjalte Hjördis Holger Hollie Holm Homero Honora Honoré
Horacio Horațiu Horea Horia Horst Hortense Hortensia Hortenzia Horymír Hosea Howard Hoşkadem Hredhaan Hritik Hrvoje
Huban Hubert Hubertine Hubertus Hudavent Hudson Hugh Hugo Hugues Huguette Hulda Humberto Humphrey Hunalp Hunor Hurican
Hurşide Hussein Huy Huzuri Hynek Håkan Håkon Håvard Héctor Hélène Hüda Hükümdar Hülya Hümeyra Hürdoğan Hürmet Hüryaşar
Hürüyet Hüseyin Hüsmen Hüsnühâl Hıfzullah Iacob Iain Ian Iancu Ianis Iara Iasmina Iben Ibolya Ibrahim Ibán Ica Ida
Idika Idris Idun Idık Ieremia Ieva Ignacia Ignacio Ignacy Ignatz Ignaz Ignazio Ignác Igor Ihsan Iida Iiris Iisakki
Ijaya Ika Ikbal Iker Ikshita Ilari Ilaria Ilarie Ilarion Ildefonso Ildiko Ildikó Ildız Ileana Ilgı Ilhan Ilias Ilie
Ilija Ilinca Ilja Ilka Ilkka Ilmari Ilona Ilonka Ilse Ilyas Imaran Imelda Imke Immo Imran Imre Imrich Inaya Indali
Indira Indra Indrajit Indy Ines Ineta Inez Inga Ingalill Ingbert Inge Ingeborg Ingeburg Ingegerd Ingegärd Ingela
Ingelise Ingelore Ingemar Inger Ingetraud Ingetraut Ingmar Ingo Ingolf Ingrid Ingrida Ingried Ingvar Inka Inken Inkeri
Inmaculada Inna Inocencio Inocențiu Insa Inès Inés Inês Ioan Ioana Ioanina Ioannis Iolanda Iona Ionel Ionela Ionelia
Ionică Ionuț Iosefina Iosif Ippazio Ira Irena Irene Irfan Iridenta Irina Irine Irinel Irja Irma Irmela Irmeli
Irmengard Irmgard Irmhild Irmi Irmingard Irmtraud Irmtraut Irmtrud Irya Irène Irén Iréne Irıs Isaac Isabel Isabela
Isabell Isabella Isabelle Isabelly Isac Isadora Isaiah Isak Isaque Isaura Isaías Ise Isha Ishaan Ishani Ishanvi Ishita
Ishwar Isidor Isidora Isidoro Isidro Ismael Ismail Ismet Ismo Ismık Isobel Isolde Issack Istvan István Itzel Itziar
Iulia Iulian Iuliana Iuliu Iurie Iustin Iustina Iustinian Iva Ivan Ivana Ivanka Ivar Iver Iveta Ivette Ivica Ivka Ivo
Ivona Ivonne Ivor Iván Iwan Iwo Iwona Izabela Izidor Iztok Iľja Işin Işıkay Işıman Işın Jaakko Jaan Jaana Jacek
Jacinta Jacinto Jack Jackeline Jackie Jaclyn Jacob Jacobine Jacobo Jacopo Jacqueline Jacques Jadranka Jadwiga Jael
Jafet Jagat Jagdish Jagrati Jagvi Jai Jaime Jair Jairaj Jairo Jaka Jake Jakob Jakov Jakub Jalmari Jalsa Jamaal Jamal
Jameel James Jamie Jamil Jamila Jana Janaki Janani Jane Janet Janeta Janeth Janett Janette Janez Jani Janice Janin
Janina Janine Janis Janja Jankat Janko Jann Janna Janne Janni Jannie Jannik Jannis Jano Janos Januja Janusz Janya
Jaqueline Jara Jared Jari Jarkko Jarl Jarlath Jarmila Jarmo Jarno Jarolím Jaromír Jaromíra Jaron Jaroslav Jaroslava
Jaroslaw Jarrod Jaruthip Jasmijn Jasmin Jasmina Jasminka Jasmit Jasna Jason Jatin Javi Javier Javiera Jaxon Jayda
Jayde Jayden Jaylinn Jayne Jayson Jazmin Jazmín Jean Jeana Jeanette Jeanine Jeanne Jeannette Jeannine Jeet Jeevika
Jeff Jeffery Jeffrey Jeison Jelani Jele Jelena Jelka Jelle Jelte Jemma Jenaro Jenel Jenifer Jeniffer Jenna Jenni
Jennie Jennifer Jenniffer Jenny Jens Jente Jenő Jeppe Jere Jeremi Jeremiah Jeremias Jeremy Jeremías Jerguš Jerica
Jerker Jermaine Jernej Jerneja Jerome Jeronimo Jerry Jerson Jerzy Jerónimo Jesper Jesse Jessica Jessie Jessika Jessy
Jesusa Jesús Jhalak Jhoan Jhon Jhonatan Jhonny Jill Jillian Jim Jimena Jimmie Jimmy Jindřich Jindřiška Jinthe Jip Jiri
Jitka Jiřina Jiří Joachim Joacim Joakim Joan Joana Joann Joanna Joanne Joao Joaquim Joaquin Joaquina Joaquín Jobst
Jocelyn Jocelyne Jochem Jochen Jodi Jodie Jody Joe Joel Joelle Joep Joerg Joey Johan Johana Johann Johanna Johanne
Johannes Johans John Johnathan Johnnie Johnny Johnson Johny Jolana Jolanda Jolanta Jolanthe Jolene Jolie Jolijn Joline
Jolán Jon Jonah Jonas Jonatan Jonathan Jonathon Joni Jonna Jonny Jonás Jonáš Joona Joonas Joonatan Joost Jordana Jordi
Jordon Jordy Jordán Jorge Joris Jorja Jorma Jorn Jort Jorunn Jos Jose Josef Josefa Josefiina Josefin Josefina Josefine
Joselyn Josep Joseph Josephine Josephus Josette Josh Joshua Josiah Josiane Josip Josipa Joso Jost Josue Josué José
Joséphine Jouko Jouni Jovan Jovana Jovita Joyce Jozef Jozefína Jozo João Joël Joëlle Joško Jožef Jožefa Jožica Juan
Juana Juanita Juanito Jude Judit Judita Judith Judy Juergen Juha Juhana Juhani Juho Jukka Jules Julian Juliana
Juliane Julianna Julie Julien Juliet Julieta Juliette Julija Julijana Julita Julius Juliusz Julián Juna
Juraj Jure Juri Jurij Jurre Jussi Justin Justina Justine Justus Justyna Justína Jutta Juul Juulia Juuso Jyoti Jyrki
Jytte Ján János Jázmin Jérôme Jéssica Józef József Jörg Jörgen Jörn Jørgen Júlia Július Jürgen Jędrzej Kaarina Kaarlo
Kabir Kacper Kader Kadınana Kahir Kai Kaia Kaija Kaique Kaisa Kaitlin Kaitlyn Kaj Kaja Kajetan Kajsa Kala Kaleb
Kalervo Kalevi Kalgay Kali Kalina Kalle Kalpit Kamal Kamala Kamar Kamil Kamila Kamilly Kamran Kamya Kanak Kandef Kane
Kanpulat Kapagan Kara Karabaş Karaca Karaer Karakucak Karan Karanbay Karataş Karcan Kardelen Kareem Karel Karen Kari
Karim Karin Karina Karine Karl Karla Karley Karlfried Karlheinz Karli Karlijn Karlo Karlukhan Karma Karmen Karol
Karola Karoliina Karolin Karolina Karoline Karolína Karsten Karyn Kashish Kashvi Kasim Kasimir Kaspar Kasper Kassandra
Kata Katalin Katariina Katarina Katarzyna Katarína Katcha Kate Katelyn Katerina Katerine Kateřina Katharina Katharine
Katherin Katherina Katherine Kathi Kathleen Kathrin Kathryn Kathy Kati Katia Katica Katie Katja Katri Katriina Katrin
Katrina Katrine Katy Kauko Kaver Kavurt Kavya Kayagün Kayden Kaye Kaygusuz Kayla Kaylee Kayleigh Kayrabay Kayıt Kazim
Kazimierz Kazimír Kaşif Keano Keanu Keegan Keely Kefser Keijo Keira Keisha Keith Keld Kelli Kellie Kelly Kelsey Kelvin
Kelâmi Kemal Ken Kenan Kendra Kenn Kennedy Kennet Kenneth Kenny Kenter Kenth Kenzie Keri Kerime Kerman Kerri Kerrie
Kerry Kerstin Kerttu Kete Kevin Keya Kezban Khadija Khaled Khalid Khloe Kiaan Kian Kiara Kibar Kiera Kieran Kifaye
Kike Kiki Kilian Killian Kimberley Kimberly Kimmo Kinga Kingston Kira Kiramettin Kirby Kirk Kirsi Kirsten Kirsti
Kirstie Kirstin Kirstine Kirsty Kitan Kitti Kiyasi Kjeld Kjell Kjersti Kjetil Klaas Klara Klas Klaudia Klaudie Klaus
Klavdija Klavs Klemen Klemens Klement Kliment Klothilde Klára Kläre Knud Knut Kobe Kocabaş Koen Koldan Koloman
Koncagül Konguralp Konrad Konstantin Konstantinos Konstanty Konstanze Konštantín Kopan Koray Korbinian Kordula Kori
Korinna Korkmazalp Kornel Kornelia Kornelius Kornél Kornélia Korugan Kotuz Koçak Koçkan Koşukhan Kreszentia Kreszenz
Kriemhild Kris Krish Krisha Krishna Krista Kristel Kristen Krister Kristi Kristian Kristiane Kristie Kristiina
Kristijan Kristin Kristina Kristine Kristián Kristjan Kristofer Kristoffer Kristopher Kristy Kristína Kristóf Kristýna
Krisztina Krisztián Krisztofer Kritika Krištof Krystal Krystian Krystyna Kryštof Krzysztof Ksawery Ksenija Kuddusi
Kullervo Kumar Kumral Kunibert Kunigunda Kunigunde Kuno Kurt Kurtis Kustaa Kutay Kutgün Kutun Kvetoslav Kvetoslava
Květa Květoslava Kyan Kyano Kyara Kyla Kyle Kylie Kyllikki Kyra Kálmán Károly Kâmil Kâzime Käte Käthe Käthi Kåre Kévim
Köker Köktaş Kösemen Kübran Kürşad Kılıçbay Kınel Kırat Kırgız Kısmet Kıvılcım Kızıl Kızıltunç Laban Lacey Lada
Ladislau Ladislaus Ladislav Ladislava Ladli Laetitia Lage Laika Laila Lajita Lajos Laksh Lakshit Lakshmi Lala Lalo
Lamar Lambert Lamberto Lana Lando Lara Larisa Larissa Larry Lars Lascăr Lasse Lassi Laszlo Latasha Latif Latoya Laura
Laure Laureano Laureen Lauren Laurence Laurens Laurent Laurenz Laurenția Laurențiu Lauretta Lauri Laurian Laurie
Laurin Laurits Laus Laust Lautaro Lavanya Lavinia Lavínia Lawrence Layla Laze Lazzaro Lazăr Laís Lea Leah Leana
Leander Leandra Leandro Leanne Ledün Leela Leena Leevi Leia Leidy Leif Leigh Leila Leire Lekha Lelia Lene Leni Lenka
Lenn Lennard Lennart Lennarth Lenny Leo Leocadia Leocadio Leokadia Leon Leona Leonard Leonardo Leoncio Leone Leonel
Leonhard Leoni Leonid Leonie Leonor Leonora Leonore Leontin Leontina Leopold Leopolda Leopoldina Leopoldine Leopoldo
Leordean Leoš Leroy Lerze Lesana Lesia Lesley Leslie Lesly Leszek Leticia Letizia Letiția Letícia Levente Levi Levin
Levoslav Lewis Leyla Leyli Leyre Lezize León Lia Liam Lian Liana Liane Liban Libby Liberto Libni Libor Libuša Libuše
Licia Lică Lida Lidia Lidija Lidwina Lieke Liesa Liesbeth Lieschen Liesel Lieselotte Lieve Ligia Ligita Liisa Lila
Lili Lilia Lilian Liliana Liliane Lilija Lilijana Lilja Liljana Lilla Lillemor Lilli Lillian Lilly Lilo Limon Lina
Linda Linde Lindsay Lindsey Linn Linnea Linnéa Lino Linus Lioara Lioba Lionel Lipika Lisa Lisandro Lisanne Lisbet
Lisbeth Lise Liselott Liselotte Lisette Lissette Lissi Lissy Liv Liva Livia Livio Liviu Liwia Liz Liza Lize Lizeth
Lizz Lizzy Ljiljana Ljubica Ljudmila Lloyd Lodovico Loek Loes Logan Lohit Loida Lois Loke Lola Lolita Lona Loni Lonnie
Lopa Lope Lora Loraine Lorcan Loredana Lorelei Lorena Lorenz Lorenza Lorenzo Loreto Loretta Loretto Lori Lorin Lorine
Loris Lorna Lothar Lotta Lotte Lotti Lou Loui Louie Louis Louisa Louise Lourenço Lova Lovis Lovisa Lovre Lovro Lowe
Loïc Loïs Luan Luana Luara Lubomír Luboš Luc Luca Lucas Lucca Lucențiu Lucero Luchino Lucho Lucia Lucian Luciana
Luciano Lucie Lucien Lucienne Lucija Lucila Lucinda Lucio Lucrezia Lucreția Lucrețiu Lucy Lucía Ludger Ludmila
Ludmilla Ludolf Ludovic Ludovica Ludovico Ludvig Ludvik Ludvík Ludwig Ludwina Luděk Luigi Luigina Luis Luisa Luisana
Luise Luisina Luitgard Luiza Lujza Luka Lukas Luke Lukáš Luminița Lumír Lunna Lupe Lupita Lutfi Lutz Luuk Luzia Luzie
Luís Luísa Lydia Lydie Lykke Lynda Lyndon Lyndsay Lyndsey Lynette Lynn Lynne Lynnette Lynsey László Lázaro Lâle Lærke
Léa Léo Léon Lívia Lúcia Lüfen Lütfi Lýdia Lýdie Lăcrămioara Maaike Maanas Maanav Maaria Maarit Maarten Maartje Mabel
Macarena Macaria Macario Macide Maciej Mackenzie Madalena Maddison Madeleine Madelene Madelief Madeline Madhav Madhavi
Madlen Mads Maeve Mafalda Magali Magaly Magarete Magda Magdalena Magdalene Magdaléna Magdolna Maggie Magne Magnolia
Magnus Magret Magrit Mahdi Mahigül Mahika Mahir Mahmoud Mahmud Mahmut Mahnaz Mahsun Mahter Mahulena Maia Maicol Maida
Maija Maik Maike Maiken Maira Maire Mairead Maite Maitê Maja Majken Majvor Makayla Makena Maks Maksim Maksimiljan
Maksur Maksymilian Maksüde Malachy Malcolm Malena Malene Malgorzata Malik Malika Malin Mallory Malou Malte Malthe
Malva Malvina Malvína Malwina Mamen Manan Manbir Manca Manda Mandy Manfred Manja Manola Manole Manolo Manon Mansurali
Manthan Manu Manuel Manuela Manuelita Manuella Manus Manya Mara Marc Marcantonio Marcel Marcela Marcelina Marcelino
Marcell Marcella Marcelle Marcello Marcelo Marcheta Marcia Marcial Marciano Marcin Marcio Marco Marcos Marcu Marcus
Mareen Mareike Mareile Marek Maren Marga Margaret Margareta Margarete Margaretha Margarethe Margarida Margarita
Margaréta Margaud Margaux Margherita Margit Margita Margitta Margo Margot Margret Margrethe Margrit Marguerite Mari
Maria Mariah Mariam Marian Mariana Mariane Marianela Mariann Marianna Marianne Mariano Maribel Marica Maricela
Maricica Maricruz Marie Mariechen Mariela Mariele Mariella Marieluise Marietta Mariette Marija Marijan Marijana Marijn
Marika Marilena Marilyn Marin Marina Marinela Marinka Marino Marinus Mario Marioara Mariola Marion Marisa Marisela
Marisol Marissa Maristela Marit Marita Maritta Maritza Marius Mariusz Marián Marja Marjaana Marjan Marjana Marjanca
Marjatta Marjeta Marjo Marjorie Marjukka Marjut Marketta Markku Marko Markus Markéta Marleen Marlen Marlena Marlene
Marlies Marliese Marlis Marlon Maroš Mart Marta Marte Marten Martha Marthe Martim Martin Martina Martine Martino
Martirio Martta Martti Martyn Martín Maruša Marvin Mary Maryam Maryann Maryanne Maryse Marzena María Marína Masar
Massimiliano Massimo Masume Matea Matei Matej Mateja Mateo Mateus Mateusz Matevž Matheo Matheus Mathew Mathias Mathieu
Mathijs Mathilda Mathilde Mathis Matias Matic Matija Matilda Matilde Matjaž Mato Matouš Mats Matteo Matthew Matthias
Matthieu Matthijs Matthäus Matti Mattia Mattias Matts Matyáš Matías Matúš Matěj Maud Maude Mauno Maura Maureen Mauri
Maurice Mauricio Maurilio Maurine Maurits Mauritz Maurizio Mauro Maurycy Maxi Maxim Maxime Maximiano Maximilian
Maximiliano Maximilián Maximino Maximo Maximus Maxine Maxwell Maya Maynur Mayra Maysa Mayte Mazlum Maşide Maša
Mckenzie Meagan Meaghan Mechthild Mechthilde Mechtild Mecide Mecit Meda Medard Meera Mees Mefarettin Mefharet Meg
Megan Megha Meghan Meghana Mehdi Mehdiye Mehmed Mehmet Mehmetzahir Mehrigül Meik Meike Meinhard Meinolf Meinrad Meja
Mekhala Mel Melaha Melania Melanie Melany Melba Melchor Melek Meleknur Melichar Melihcan Melikkan Melina Melinda
Melisa Melissa Melita Melitta Melker Melle Melvin Melwin Melánia Melûl Memili Menfeat Mengi Mengüç Menişan Meral Merba
Merche Merdi Meredith Merel Merete Merethe Merijn Merim Merja Merle Mert Mertel Merva Mervi Mervin Mervyn Mery Meryem
Meryeme Merzuk Mestur Mesude Mesut Metin Metinkaya Metka Metod Metta Mette Meveddet Mevlüdiye Mevlüt Meyhanim Mezide
Meşhur Micael Micaela Micah Micha Michael Michaela Michaele Michail Michal Michala Michał Micheal Michel Michela
Michelangelo Michele Micheletto Micheline Michell Michelle Michelotto Michèle Mick Mie Mieszko Miguel Miguela Miha
Mihael Mihaela Mihai Mihail Mihin Mihnea Mihrab Mihriye Mihály Miia Miika Mijo Mik Mika Mikael Mikaela Mikayla Mike
Mikhail Mikkel Mikko Miklós Mikołaj Mikuláš Mila Milada Milagros Milay Milda Mildred Mile Milena Milica Milka Milla
Millicent Millie Milo Milos Miloslav Miloslava Milota Milou Miloš Milton Miluše Milán Mimi Mimmi Mindy Minerva Minibe
Minna Minodora Mioara Miodrag Mirabela Miran Miranda Miray Mirbadin Mircea Mirco Mireia Mireille Mirela Mirella Mireya
Miriam Miriama Mirja Mirjam Mirjami Mirjana Mirko Mirna Miro Miron Mirona Miroslav Miroslava Miroslaw Miroslawa Mirsad
Mirta Mirte Mirthe Miruna Misael Mishat Mislav Misra Mitali Mitchel Mitchell Mitesh Mitică Mitruț Mitzy Miyesser
Miłosz Mladen Moa Modesta Modesto Mogens Mohamad Mohamed Mohammad Mohammed Mohini Moira Moisés Mojca Mojmír Mollie
Molly Mona Monalisa Monica Monika Monique Monis Monja Monserrat Montserrat Morena Moreno Morgan Morris Morten Mortimer
Moses Muarra Mucahit Mufide Mugdha Mugur Mugurel Muhammad Muhammed Muhammet Muharrem Muhip Muhiye Muhyettin Mujde
Mukbile Muktedir Muni Murat Muratcan Muriel Murilo Murray Musa Musafet Musaffa Mustafa Mutasım Mutluhan Muvaffak
Muvahhide Muzaffer Mya Myles Myra Myriam Myrta Myrthe Márcio Mária Mário Márk Márta Márton Mátyás Máté Máxima Máximo
Märta Märtha Måns Mårten Mélanie Mía Mónica Mónika Móric Möhsim Mübetcel Mücellib Mücevher Müferrih Müfit Müjde
Mükramin Mükrüme Mülâyim Mümtaze Münezzer Münif Müret Mürit Müsemma Müslum Müveddet Müzekker Müğber Müşüre Mădălin
Mădălina Mălina Mărioara Măriuca Nabil Nachiket Nacho Nacio Nades Nadeschda Nadeshda Nadežda Nadia Nadin Nadine Nadir
Nadja Naděžda Nae Nafii Nafile Nahiara Nahuel Naiara Naide Naim Nair Naja Najam Nakip Naksh Nakul Nalân Nana Nandini
Nando Nanna Nanni Naoise Naomh Naomi Napoleone Narcis Narcisa Narciso Narhanim Nasiba Nastja Nasuf Natacha Natali
Natalia Natalie Natalija Natalio Natalja Nataly Natan Natanael Nataniel Natascha Natasha Natasja Natasza Nataša Natașa
Nath Nathalia Nathalie Nathaly Nathan Nathanael Nathaniel Natividad Natália Natálie Naud Naveen Nayara Nayeli Nayil
Naz Nazaret Nazario Nazende Nazi Nazimet Nazlihan Nazlim Nazıdil Nea Neal Nebih Nebiha Necati Necdat Nechifor Necilal
Necmettin Necva Nedda Neel Neelima Nefaret Nefiye Neha Nehemiah Nehip Neil Neja Nejc Nejdet Nela Nele Nella Nelli
Nellie Nelly Nelu Nenad Neo Neptün Nerea Nereida Neriban Nerim Nermin Nesfe Nesip Neslinur Nestor Nete Netra Nevaeh
Neval Nevenka Nevgin Neville Nevin Nevise Nevsal Nevsale Newton Neyran Nezengül Nezihi Nezize Neşrin Neža Niall Niamh
Nicanor Niccolò Nichifor Nichola Nicholas Nichole Nick Nicklas Nicky Niclas Nico Nicoară Nicodemo Nicodim Nicola
Nicolae Nicolai Nicolaie Nicolaj Nicolas Nicolasa Nicolaus Nicole Nicoleta Nicoletta Nicoline Nicolás Nicolò Nicu
Niculina Niculiță Nicușor Nicuță Nidhi Nidia Nidra Niek Niels Nienke Nieves Nigel Nihai Nihal Nihan Niharika Niilo
Niina Nik Nika Nikita Nikki Niklas Niko Nikodem Nikol Nikola Nikolai Nikolaj Nikolaos Nikolas Nikolaus Nikolett
Nikoletta Nikolina Nikša Nilcan Nilda Nili Nilima Nilo Nils Nimrat Nina Ninetta Nino Ninthe Nirgül Nirja Nisa Nisha
Nitara Nitesh Nives Nixon Niyazi Niğmet Noa Noah Noe Noel Noelia Noelle Noemi Noemí Nolan Noman Noora Noortje Nora
Norah Norbert Norberto Noreen Norica Notburga Noud Nour Nout Noé Noémi Noémie Noël Noëlle Nuala Nuno Nura Nural Nuran
Nuray Nurbanu Nurcan Nurda Nurdeniz Nuretdin Nurettin Nurey Nurgil Nurhayet Nuri Nuria Nuriyet Nurkan Nurmelek Nurseda
Nurser Nursim Nurtaç Nurten Nuru Nurullah Nurveren Nury Nurşan Nuyan Nuša Nydia Nynke Nádia Nándor Nélida Néstor Nóra
Núria Nüdret Nürice Oana Obdulia Obed Octav Octavia Octavian Octaviana Octavio Octaviu Océane Oda Odalis Odalys
Odeline Odette Odika Odile Odkanlı Oeshi Ofelia Oganer Oguş Oisin Oiva Ojas Ojasvi Okanay Okbay Okgüçlü Okseven
Oktüremiş Okyalaz Ola Olaf Olalla Olav Olavi Olca Oldağ Oldrich Oldřich Ole Olegario Olena Olfert Olga Olgierd Olimpia
Olimpian Olimpiu Oliver Olivia Olivie Olivier Oliviu Olivér Oliwer Oliwier Olle Olli Olof Olov Oluş Olympia Olívia
Omaca Omaja Omar Omari Omer Omisha Omkaar Omya Onat Ondrej Ondřej Ongay Onkar Onni Onofre Onuker Onurcan Onursu Onveer
Oona Oonagh Ophelia Oran Oranlı Orazio Oreste Orgün Orhan Oriana Orinder Orla Orlaith Ornella Orsolya Ortak Ortansa
Ortrud Ortrun Ortwin Oruç Orvokki Orçin Oscar Osha Oskar Oskari Oskár Osman Osmo Ossi Ossian Osvald Osvaldo Oswald
Oswaldo Oswin Otakar Otay Otfried Othmar Otilia Otis Otmar Oto Ottavio Ottfried Ottilia Ottilie Ottmar Otto Ottokar
Ottomar Ottone Ottó Otávio Otília Otýlie Outi Ove Ovidio Ovidiu Oviya Owe Owen Oxana Oymak Ozana Ozansü Oğulbaş
Oğurata Oğuzman Oľga Paavo Pablo Paca Paco Pacífica Padraic Padraig Pahal Paker Paksu Pallavi Palle Palmira Paloma Pam
Pamela Pamfil Panagachie Panait Pancho Panfilo Panini Pankrác Paola Paoletta Paolo Paraschiva Paride Parth Pascale
Pascual Pascuala Pasi Pasqual Pasquale Pastor Pastora Patric Patrice Patricia Patricie Patricija Patricio Patrick
Patrik Patrizia Patrizio Patryk Patrícia Patty Paul Paula Paulette Pauli Paulica Pauliina Paulina Pauline Paulino
Paulo Paulína Pauric Pavani Pavao Pavel Pavla Pavlína Pavol Paw Pawel Paweł Paye Payton Peadar Pearse Peder Pedro
Peggy Pehlil Pekka Pekkan Pelayo Pelle Pellegrino Pembesin Penelope Pentti Pepe Pepijn Pepita Pepito Percy Peren
Perinur Perla Perlita Permun Pernilla Pernille Perry Pertti Pesent Petar Pete Peter Petr Petrana Petre Petri Petrică
Petrișor Petrona Petronela Petros Petru Petruț Petruța Petter Petteri Peyton Phileine Philip Philipp Philippa Philippe
Philippine Phillip Philomena Phoebe Phylis Phyllis Pia Piedad Pien Pier Pierangelo Piergiorgio Piergiuseppe Pierina
Pierluigi Piermaria Piero Pierpaolo Pierre Piersanti Pieter Pietra Pietro Piia Pim Pina Piotr Piper Pippa Pirahmet
Piran Pirjo Pirkko Pirmin Piroska Pius Pleun Pleșu Plinio Plácido Polina Polly Polona Polonca Pompeo Pompilia Pompiliu
Pomponio Poncio Pontus Pooja Porfirio Poul Pranav Praneel Pranit Pratyush Pravoslav Preben Preston Primitiva Primitivo
Prisca Priscila Priscilla Prisha Priska Priya Profira Prokop Prudencia Prudencio Przemysław Puccio Puck Puk
Purificación Pushti Pál Pánfilo Päivi Päivikki Pär Pål Pénélope Péter Pía Pío Pürçek Pătru Přemysl Qabil Qadim Qarin
Qasim Quentin Quincy Quinn Quinten Quinty Quique Quirino Qushi Raagini Rabbiye Rabea Rabih Rachael Rachana Racheal
Rachel Rachelle Rachit Rachita Rada Radek Radha Radhika Radim Radka Radmila Rado Radomír Radoslav Radoslava Radosław
Radovan Radovana Radu Radúz Rael Raf Rafa Rafael Rafaela Rafaél Rafał Raffael Raffaela Raffaele Raffaella Raffaellino
Raffaello Rafi Rafia Rafih Rafila Rafiq Raghav Ragna Ragnar Ragner Ragnhild Raheem Rahel Rahiye Rahmet Raija Raik
Raili Raimo Raimondo Raimund Raimundo Raina Rainer Raisa Raissa Rajata Rajeshri Rajko Rakide Raksha Ralf Ralph Raluca
Ramadan Ramazan Ramiro Ramon Ramona Ramón Rana Ranbir Randall Randi Randolf Randy Ranieri Ranveer Raoul Raphael
Raphaela Raphaël Raquel Rareș Rasmus Rastislav Rasul Raul Rauno Ravi Ravy Rayaan Rayan Rayana Rayla Raymond Raymund
Razı Raúl Reagan Rebeca Rebecca Rebecka Rebeka Rebekah Rebekka Rebihat Recep Recepali Redmond Reece Refet Refik Regan
Reginald Regine Regitse Regitze Regína Rehaan Rehime Reidun Reijo Reimar Reimer Reimund Reina Reinald Reinaldo Reine
Reiner Reingard Reinhard Reinhardt Reinhart Reinhild Reinhilde Reinhold Reino Relu Remazan Rembrandt Remedios Remigio
Remo Remus Rena Renan Renata Renate Renato Rene Renee Rengül Reni Rens Renske Renzo Renáta René Renée Resi Resulcan
Reuben Reva Revza Reyansh Reyes Reyna Reynaldo Reza Rezin Rezzak Rhavi Rhianna Rhiannon Rhoda Rhona Rhonda Rhys Ria
Rian Rica Ricarda Ricardo Riccardo Ricciotti Richard Richardt Richárd Rick Rickard Rickey Ricky Rico Ridhi Rigmor Rigo
Rigoberto Riikka Riitta Rik Rikard Rikke Riku Riley Rina Risalet Rishi Risto Rita Ritt Ritva Riya Riza Roan Roar
Robbie Robby Robert Roberta Robertina Roberto Robinson Robyn Rocco Rochelle Rochus Rocio Rocío Roderich Roderick
Rodger Rodica Rodney Rodolfo Rodrigo Roel Rogelio Roger Rogers Rohan Rohat Roisin Rojnu Rok Roko Roksana Roland
Rolando Roldán Rolf Romain Romaine Romana Romanița Romeo Romina Romolo Romuald Romulus Romy Román Ron Rona Ronal
Ronald Ronaldo Ronan Ronith Ronja Ronni Ronnie Ronny Rony Ronya Roope Roos Roosa Roque Rory Rosalba Rosalia Rosalie
Rosalina Rosalinda Rosalinde Rosalva Rosalía Rosanna Rosanne Rosaria Rosaura Roseanna Rosel Roselinde Rosemarie
Rosenda Rosendo Rosetta Rosi Rosie Rosina Rosita Rosl Roslyn Rosmarie Ross Rossana Rostislav Roswita Roswitha Rotraud
Rotraut Rouven Rowan Rowena Roxana Roxane Roxanna Roxelana Roy Roza Rozalia Rozalija Rozália Ruairi Ruben Rubén Rudi
Rudolf Rudolph Rudra Rudy Rufina Rufino Ruggero Ruggiero Ruhide Ruhsat Ruhugül Rui Rumeysa Rune Rupert Ruperta Ruperto
Rushil Russell Rut Ruth Ruthild Ruxanda Ruxandra Ruy Ruža Ružena Ružica Ryan Ryder Ryszard Régulo Réka Rémy Róbert
Rómulo Róza Rózsa Róża Rúben Rüdiger Rüknettin Rümeysa Rüşen Răducu Răzvan Rıfkıye Růžena Saadat Saanvi Saar Saara
Saba Saban Sabas Sabatino Sabih Sabihe Sabin Sabina Sabine Sabir Sabri Sabrina Sabína Sabır Sacha Sachi Sadat Sadeti
Sadie Sadittin Sadiye Safet Safinaz Safta Safura Sahil Sahin Sahir Sahra Saire Sakari Sakip Saksham Salami Saleh Salih
Salimet Salkın Sally Salma Salome Salomea Salomé Salomón Salurbay Salvador Salvatore Salvi Sam Samahat Samaksh Samanta
Samantha Samar Samarth Samesh Sami Samir Samira Sammy Samo Samson Samu Samuel Samuli Samurtay Sanavber Sanaya Sancak
Sancho Sanda Sandalio Sander Sandi Sandor Sandra Sandrine Sandro Sandu Sanja Sanna Sanne Sanni Sante Santeri Santino
Sanur Sanya Sançar Sara Sarah Sarai Sargın Sari Sarina Sarita Sarpkın Sarthak Sarya Sarıcabay Sascha Sasha Saskia
Sathvik Satrettin Satu Saturnina Saturnino Satıa Saul Saumya Saundra Sava Savak Saverio Saveta Savina Savni Saydam
Saygın Sayin Sayrak Sayın Saçı Saúl Sağcan Sağıt Saša Sašo Scarlet Scarlett Scot Scott Seamus Sean Sebastiaan
Sebastian Sebastiano Sebastijan Sebastián Sebastião Sebastjan Sebattin Sebigül Seblâ Seda Sedat Sedife Sefer
Segismundo Seha Sehel Seija Sejda Selaheddin Selatin Selcen Selena Seler Selim Selime Selin Selina Selma Selmin Selvi
Selâtin Selçuk Semat Semender Semenica Semine Semra Semrin Sena Sencar Seniha Senn Senna Senol Senta Sepp Seppo
Seracettin Serafina Serafín Serda Serena Serezli Serfinaz Serge Sergei Sergej Sergio Sergiu Sergius Serhatmehmet Serma
Sernur Serol Serpil Servinaz Servác Sessa Seth Sevcan Sevdi Sevdinar Seve Severiano Severin Severina Severino Severo
Severín Sevgen Sevginur Sevican Sevim Sevindik Sevla Sevsevil Seydo Seyfullah Seyhan Seyithan Seyyide Sezal Sezen
Sezginbaş Seçgül Seçme Shaban Shakira Shana Shane Shani Shania Shanice Shanna Shannan Shannen Shannon Shari Sharlene
Sharon Shaun Shauna Shaurya Shawn Shawna Shay Shayne Shea Sheena Sheila Sheilah Shelby Shelia Shelley Shelly Sheree
Sheri Sherri Sherry Sheryl Shiela Shirley Shivani Shivansh Shona Shravya Sian Sibel Sibilla Sibille Sibylla Sibylle
Sidar Siddharth Sidki Sidonia Sidónia Siegbert Siegfried Sieghard Sieglinde Siegmar Siegmund Siegrid Siegried Siegrun
Siegward Siem Sienna Sigfrid Sigfrido Sigfried Sigge Sigismund Siglinde Sigmar Sigmund Signa Signe Sigrid Sigrun
Sigurd Sigvard Siiri Sil Silanur Silas Silja Silje Silke Sille Silva Silvana Silvano Silvester Silvestre Silvestro
Silvia Silvian Silviana Silvie Silvio Silviu Silvo Simber Simen Simeon Simi Simina Simion Simo Simon Simona Simone
Simonetta Simten Simão Simón Sina Sinaida Sindre Sine Sinead Sini Sinică Sinikka Siniša Siobhan Siper Sirap Siri
Sirkka Sirpa Sisko Sissel Siti Sittik Siv Sivert Sixten Siya Sjoerd Skyla Skylar Slavica Slavka Slavko Slavomír
Slavomíra Slavěna Slawomir Slobodan Sláva Slávka Smaranda Smith Sneha Snježana Socorro Sofi Sofie Sofija Sofía Solange
Soledad Solma Solomon Solveig Solvej Sonad Sondre Songurkan Songül Sonia Sonja Sonnur Sonny Sonya Sophia Sophie Soraia
Sorana Soraya Sorcha Sorin Sorina Sosimo Soydaner Soykan Soykut Soyselçuk Soňa Spencer Speranța Srečko Stacey Stacie
Stacy Staffan Stan Stana Stanca Stancu Stanislaus Stanislav Stanislava Stanislaw Stanisław Stanka Stanko Stanley
Stavros Steen Stef Stefan Stefani Stefania Stefanie Stefano Steffen Steffi Stein Steinar Stela Stelian Steliana
Stellan Steluța Sten Stephan Stephanie Stephany Stephen Sterre Steve Steven Stewart Stian Stig Stijn Stilla Stina
Stine Stjepan Stojan Stuart Sture Stéphane Stéphanie Suat Subutiye Sudi Sudiksha Suhani Sulhi Sultane Sunay Sune Sunel
Suphi Susam Susan Susana Susanita Susann Susanna Susannah Susanne Suse Susi Sussanne Sussie Suus Suvi Suzana Suzanna
Suzanne Suze Suzy Svante Svatopluk Svatoslav Svea Svein Sven Svenja Svenning Sverre Svetlana Svetozár Svätopluk
Světlana Swantje Swen Swetlana Sybilla Sybille Sylke Sylva Sylvana Sylvester Sylvia Sylvie Sylvio Sylwia Synnøve Sys
Szabolcs Szilveszter Szilvia Szilárd Szymon Sándor Sára Sânziana Sébastien Sérgio Sökmen Sönke Sören Söyler Sözer
Søren Sørine Søs Sücaettin Süha Süheyda Sükrü Süleyla Süleyman Sümerya Sümeyye Süner Süsen Süvari Süzer Sıla Sırriye
Sıylıhan Tabea Tabitha Taciddin Tadej Tadeja Tadeo Tadeusz Tadeáš Tagangül Tage Tahir Tai Taina Taisto Taj Taja
Talayer Tali Talia Talibe Tamanna Tamara Tamaydın Tami Tammie Tammy Tamás Tanak Tanay Tanbay Tandoğdu Taneli Tangül
Tanhan Tania Tanish Tanja Tanmayi Tanner Tanpınar Tanses Tansev Tansığ Tanveer Tanvi Tanya Tanyolaç Tanyu Tanır Tapani
Tapio Tara Tarak Tarancı Tari Tarik Tarja Tartış Taru Tarzícius Tasha Tassilo Tasvir Tatiana Tatjana Tatu Tauno
Tayaydın Taygan Tayla Taylak Tayyibe Tayyip Taçnur Taşar Taşkan Teber Tecimer Tecla Ted Teddy Teea Teemu Teerth Tegan
Teija Teja Tejas Tejs Tekbay Tekecan Tekiner Tekla Teknaz Teksoy Telemaco Telim Tellervo Telmo Telse Temime Temirhan
Temistocle Temizkal Temuçin Tenvir Teo Teobaldo Teodor Teodora Teodoro Teodosia Teodosio Teofil Teohari Teona Tera
Tercan Tere Terence Teresa Terese Teresia Teresita Tereza Terezija Terhi Terje Terlan Tero Terrance Terrence Terri
Terry Terttu Teréz Terézia Tess Tessa Teun Teuvo Tevs Teybet Tezcan Tezol Teófila Teófilo Thaddeus Thaddäus Thales
Thea Theda Thekla Thelma Theo Theobald Theodor Theodora Theodore Theodoro Theodoros Theres Theresa Therese Theresia
Therése Thiago Thibault Thibaut Thierry Thies Thijmen Thijn Thijs Thilo Thom Thomas Thor Thoralf Thorben Thore
Thorsten Thure Théo Théodore Théophile Thérèse Tia Tiago Tiana Tiara Tiare Tiberia Tiberiu Tibor Tiburcio Ticen
Tichomír Tiia Tiina Tijmen Tijn Tijs Tilda Tilen Tillmann Tilly Tilman Tilmann Tilo Tim Timea Timm Timmy Timo Timon
Timotei Timotej Timoteo Timothy Timothée Timurtaş Tina Tinca Tincuța Tindra Tine Tino Tirza Tisa Tito Titus Tivadar
Tiziana Tiziano Tiğin Tjaša Tobias Tobiasz Tobiáš Toby Todd Todor Toivo Toker Toktuğ Toköz Tola Tolonbay Tom Toma
Tomas Tomasa Tomasz Tomaž Tomi Tomislav Tommi Tommy Tomo Tomurcuk Tomàs Tomás Tomáš Tomé Tonguç Toni Tonia Tonino
Tonje Tonny Tony Tonya Topias Topuz Tora Toralf Torben Torbjörn Torbjørn Tord Torgny Torhan Tori Toribio Torill
Torquato Torsten Tory Tova Tove Toy Toño Toğan Tracey Traci Tracie Tracy Traian Traude Traudel Traudl Traugott Traute
Travis Trevor Tricia Trina Trine Trini Trinidad Tripti Tristan Tristán Triveni Triya Troels Trond Trude Trudel Trudi
Tudor Tudora Tudorița Tudosia Tuija Tule Tulio Tullio Tulun Tunahan Tunguç Tunçboğa Tunçkılıç Tuomas Tuomo Turabi
Turcein Ture Turgut Turid Turvi Tutkucan Tutkun Tuukka Tuula Tuuli Tuulia Tuulikki Tuva Tuyuğ Tuğcan Tuğrulhan Tuğtaş
Tuğçe Twan Tycho Tygo Tymon Tymoteusz Tyra Tyrone Tyson Tímea Törel Tükelalp Tülay Tülin Tümer Tümkurt Tünde Türabi
Türcan Türkalp Türkan Türkmen Türknur Tüzeer Tüzenur Tınal Ubaldo Uberto Ubika Ucchal Udant Udarsh Udo Udyati Uffe
Ufukay Ugo Ugolino Ulakbey Ulf Uli Ulises Ulla Ullrich Ulrica Ulrich Ulrik Ulrika Ulrike Ulu Uludağ Uluman Ulutay
Uluğbey Uma Umang Umar Umberto Ummahani Umman Umutcan Umuşan Undine Unnati Unni Uolevi Upadhriti Upasna Upkaar Upma
Uraltay Urbano Urhan Uriel Urishilla Urmi Uroš Urs Ursel Ursula Urszula Urte Urvashi Urvi Urša Urška Uršuľa Uschi
Ushan Ute Utkarsh Utkucan Utz Uwe Uyanser Uygun Uzbay Uzsoy Uçan Uçbeyi Uğan Uğur Uğurkan Uğurtan Vacibe Vadim Vafir
Vagn Vahittin Vaishnavi Vajèn Valborg Valdemar Valentijn Valentim Valentin Valentina Valentine Valentino Valentín
Valentína Valeri Valeria Valerie Valerij Valerija Valerio Valeriu Valero Valeska Valter Valtteri Valér Valéria Valérie
Vamakshi Vanda Vanesa Vanessa Vania Vanja Vansha Vanya Varenya Vargın Varlık Varsha Varvara Vasana Vasatika Vasco
Vasil Vasile Vasilica Vasilică Vassilios Vasudha Vasyl Vavrinec Vaysal Vecide Veda Vedant Vedat Vedhika Vedika Vedran
Veera Veerle Veeti Vefia Vega Vegard Veijo Veikko Veis Veit Veli Velitdin Velma Venancio Venceslás Vendela Vendelín
Vendula Venera Veniamin Venla Verena Verim Verner Verneri Vernon Veronica Veronika Veronique Verónica Vesa Vesna Veta
Vezat Vezrife Vic Vicenta Vicente Vicenția Vicențiu Vicki Vickie Vicky Victoire Victor Victoriano Victorino Victória
Vid Vidal Vidar Vidhi Viera Vieroslava Viggo Vigo Vihaan Viivi Viking Viktor Viktoria Viktorie Viktorija Viktória
Vildane Vilde Vilgot Vilhelm Vilhelmiina Vilhelmina Vilho Viliam Viljami Viljem Viljo Villads Vilma Vilmer Vilmos
Vilém Vinaya Vince Vincenc Vincent Vincentio Vincenza Vincenzo Vincențiu Vinicio Vinicius Vinko Vinzenz Vinícius Viola
Violeta Violetta Violette Viorel Viorela Viorica Viraj Virgilio Virginie Viridiana Virpi Virág Visarion Visitación
Vitali Vito Vitor Vittoria Vittorio Vitus Vitória Vivaan Viveka Vivian Viviana Viviane Vivianne Vivien Vivienne
Vjekoslav Vlad Vladimir Vladimír Vladimíra Vladislav Vlado Vlaicu Vlasta Vlastimil Vlădelina Voichița Voicu Vojtech
Vojtěch Volker Volkhard Volkmar Vratislav Vratko Vrinda Vrishti Vritti Vuokko Vyanjana Václav Vâlâ Väinö Véronique
Víctor Vít Vítor Vítězslav Víťazoslav Věra Wadi Wahab Waida Wakeeta Walburga Waldemar Waldo Waldtraut Walentina
Walfried Walli Wally Walter Walther Waltraud Waltraut Waltrud Wanda Warda Warhi Warinder Warjas Warren Watika Wayne
Wazir Weena Weldon Wenche Wencke Wendelin Wendolin Wendy Wenke Wenzel Wera Werner Wesley Wessel Whitney Wibke Widisha
Wiebke Wieland Wieslaw Wigbert Wiktor Wilber Wilfred Wilfredo Wilfrido Wilfried Wilfriede Wilhelm Wilhelmina
Wilhelmine Willard Wille Willem Willfried Willi William Williams Willian Willibald Willibert Willie Willis Willow
Willy Wilma Wilmer Wiltrud Winfred Winfried Winifred Winni Winnie Wishi Witold Wladimir Wojciech Woldemar Wolfgang
Wolfhard Wolfram Wout Wouter Wriddhish Wridesh Wulf Wyatt Wálter Xalak Xander Xaver Xavi Xavier Xenia Ximena Xiomara
Xiti Xénia Yachana Yadavi Yadigar Yadira Yael Yagnesh Yago Yahvi Yahya Yahşi Yahşikan Yair Yaiza Yalazabay Yalgın
Yaltırak Yalın Yamilet Yamin Yamini Yan Yanet Yankı Yannick Yaqub Yara Yargı Yaritza Yasan Yasemen Yasemin Yash
Yashasvi Yashawini Yashica Yashoda Yashodhara Yashvi Yasin Yasmin Yasmina Yasmine Yasmín Yassin Yasti Yatan Yatin
Yauvani Yavuz Yayak Yazganalp Yazgül Yağın Yağızkurt Yaşar Yaşattin Yda Yeison Yekbun Yekda Yelesen Yeneral Yeni
Yenifer Yenny Yepelek Yertan Yesenia Yessenia Yetişal Yeşil Yfke Yigit Yilmaz Yinthe Ylva Ylvie Yngve Yochana Yohana
Yolal Yolanda Yolande Yoruç Yosef Yoselin Yoshita Yosma Yousef Youssef Yrjö Yrsa Yug Yuliana Yunis Yunt Yurdanur
Yurdaser Yuri Yuridia Yurtgüven Yurtseven Yurttaş Yusuf Yutika Yuvraj Yvan Yves Yvette Yvonne Yésica Yéssica Yönetmen
Yücel Yücelen Yümun Yıldır Yıldız Yılma Zac Zacarías Zacharias Zacharie Zachary Zaharia Zahfer Zahid Zahir Zahra Zahur
Zaid Zaida Zaira Zaitra Zakaria Zaliha Zalán Zamfir Zamfira Zamir Zane Zansi Zara Zaraza Zarna Zashil Zayan Zayyan
Zbigniew Zbyněk Zdenka Zdenko Zdeněk Zdeňka Zdislava Zdravko Zebirce Zeferino Zehaan Zehnia Zehra Zehranur Zekayi Zeki
Zelda Zelha Zeljko Zelma Zemzem Zenia Zennun Zeno Zenobia Zenon Zenovia Zenta Zerafet Zeride Zevlüde Zeynelabidin
Zeynep Zeyno Ziggy Zihni Zikmund Zilfa Zilmil Zina Zinal Zinnure Zion Zita Ziyaettin Zlatica Zlatko Zoe Zoey Zofia
Zofija Zoja Zoltan Zoltán Zora Zoraida Zoral Zoran Zorka Zoé Zoë Zsanett Zsigmond Zsolt Zsombor Zsuzsanna Zsófia
Zubeyde Zuzana Zvonka Zvonko Zöhrehan Züfer Züheyla Zülbiye Zülfüye Zülgarni Zümre Ábel Ádám África Ágata Ágatha Ágnes
Águeda Ákos Álvaro Ámbar Ángel Ángela Ángeles Áron Árpád Áurea Âdem Âlemşah Ângela Ângelo Änne Åbjørn Åge Åke Åsa Åse
Çakar Çakırca Çaltı Çalım Çamok Çapkan Çavuldur Çağa Çağdan Çağlar Çağlasın Çağveren Çelem Çelikkan Çelikyürek Çerçi
Çetinsu Çeviköz Çevregül Çilga Çinerk Çisem Çokan Çolpan Çopur Çoğay Çıdal Çıvgın Édgar Édith Édouard Élisabeth Élise
Élodie Éléonore Émile Émilie Éric Érica Étienne Éva Íngrid Íris Ísis Íñigo Óliver Óscar Öge Ökkaş Öktürk Ömer Ömriye
Ömür Öncel Önel Öngen Önsal Örfiye Örik Örjan Öryürek Östen Över Övün Özakan Özalpsan Özaslan Özay Özbay Özbilek
Özbilge Özdal Özdeş Özdil Özdoğdu Özel Özerdinç Özertem Özge Özger Özgün Özgür Özinal Özkent Özkutlu Özlem Özlü Özokçu
Özpetek Özpınar Özsözlü Öztek Öztürk Özyurt Özçam Özüdoğru Öğet Øivind Øjvind Ørni Øvli Øystein Øyvind Úrsula
Übeydullah Üge Ülfet Ülke Ülküdeş Ülküm Ümmahan Ümmet Ümmühan Ümray Ünal Ünek Ünlen Ünsever Ünübol Ürfettin Ürper
Üsame Üstün Üzer Üçgül Đuro Đurđica Ğanim İbrahim İde İdiris İhsan İkiz İklim İlalmış İlbek İldem İldeş İlgi İlim
İlkbahar İlkim İlklima İlmafer İlper İlsu İlteriş İmam İmge İmren İmrihan İnançlı İncifir İnsaf İntihap İrfan İsak
İslime İsmet İsra İvecen İyiyürek İzel İzgü İçimbike İşcan Ľubica Ľubomír Ľubomíra Ľubor Ľuboslav Ľuboslava Ľuboš
Ľudmila Ľudomil Ľudomila Ľudovít Łukasz Şabettin Şadıman Şafii Şahat Şahdiye Şahinbey Şahinder Şahmettin Şahnuray
Şahıgül Şali Şamiha Şanlı Şavki Şayan Şazime Şefi Şefiye Şehamet Şehreban Şehza Şekim Şelâle Şemsettin Şemsinisa
Şendoğan Şenkal Şennur Şerafeddin Şeref Şerman Şevket Şevketfeza Şeyda Şide Şilan Şinasi Şirivan Şuayp Şöhret Şükri
Şüküfe Šarlota Šime Šimon Špela Štefan Štefanija Štefica Štefka Štefánia Štěpán Štěpánka Šárka Žan Žaneta Željka
Željko Želmíra Žiga Žigmund Živa Žofia Žofie Șerban Ștefan Ștefana Ștefania
"""
    )
)
DOUBTFUL = frozenset(
    entries(
        """
Abril Ada Alba Ale Alexa Alla Alma Amaro Amber Ami Amico Amor Angel Ani April Aral Archer Aria Armas Asia Atlas August
Augusta Aurora Austin Autumn Baba Bailey Baki Bas Basil Beau Bella Bert Bill Brooke Brooklyn Cara Carol Carolina Carter
Cas Cassandra Chad Charity Charlotte Chase Che Chelsea Christian Cielo Clair Claude Cody Cooper Corona Cruz Crystal
Daisy Dakota Dale Dan Dante Darwin Davis Dawn Dean Deniz Destiny Dev Diamond Dick Dogan Dolores Dom Don Drew Duke Dulce
Earl Eden Elba Ella Emerald Ernst Esa Eve Faith Falk Fatima Felice Fleur Florence Florencia Frank Franklin Gene Georgia
Glen Gloria Grace Grant Guy Hagen Harmony Harsh Heather Hermes Holly Hope Hunter Ina India Indiana Iris Isa Isis Isla
Israel Ivy Ize Jackson Jade Jan Janus Jasmine Jasper Jay Jefferson Jena Jesus Jet Jordan Joy Julia Julio June Juni Kay
Kent Kim Lance Lee Lena Lex Lily Lincoln Lone Lore Lorraine Lourdes Love Luce Lucky Luna Luz Mac Madison Mai Maj Mar
Marine Mark Mason Mate Max May Melody Mercedes Mercy Merlin Mia Milan Miller Mina Mio Mira Misty Mora Moritz Nancy Nas
Nelson Nia Noor Norma Norman Nova Oliva Olive Oni Orlando Paige Paris Parker Pascal Patience Paz Pearl Penny Petra
Phoenix Pierce Pilar Pili Prudence Rama Raven Ray Regina Rein Rex Rob Robin Roman Romano Rosa Rosario Rose Rosemary
Ruby Sai Said Sandy Santiago Santos Savannah Sem Sep Sever Siena Sierra Skye Sofia Sol Stella Sue Summer Sydney Taylor
Tiffany Tor Trent Trinity Troy Tyler Urban Uta Veer Venus Vera Victoria Vida Villa Violet Virginia Vita Ward Washington
Wilson Wolf
"""
    )
)
