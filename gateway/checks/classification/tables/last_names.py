"""Family names of the Latin alphabet, as the locales of Faker list them (see this package's notice): in
two or more, or in one of the larger. Many are words as well: they make a name only behind a given one."""

from gateway.checks.classification.recognizer import entries

LAST = frozenset(
    entries(
        """
Aalto Aaltonen Aalts Aanei Aarden Aarts Aas Aasen Ababei Abad Abascal Abatantuono Abate Abba Abbagnale Abbas Abbott
Abdi Abdullah Abdullahi Abella Abellán Abrahamsen Abrahamsson Abreu Abril Accardo Acedo Acerbi Acero Acevedo Acharya
Ackermann Acosta Acuña Adadia Adam Adams Adan Adelaar Adinolfi Adkins Adler Adolfsson Adolph Adriaansen Adriaensdr
Adriaense Adryaens Adán Aebi Aeije Aertsz Agarwal Agate Agazzi Aggarwal Agnesi Agostinelli Agostini Agrawal Aguado
Aguayo Agudo Aguilar Aguilera Aguiló Aguirre Agullo Agustí Agustín Ahlberg Ahlgren Ahlin Ahlqvist Ahlström Ahluwalia
Ahmad Ahmadi Ahmed Aho Ahokas Ahola Ahonen Ahuja Airaksinen Ajello Akar Akdeniz Akgündüz Akhtar Akinyi Aksu Akça Akçay
Alanen Alanko Alarcón Alatalo Alba Alberdi Albero Alberola Albers Albert Albertini Alberto Alboni Albrecht Albu
Albuquerque Alcalde Alcalá Alcaraz Alcolea Alcántara Alcázar Aldobrandi Alegre Alegria Alemany Alemdar Alemán
Alexander Alexandersson Alexandre Alfaro Alfieri Alfonsi Alfonso Alfredsson Ali Aliaga Alighieri Allain Allan Allard
Allen Aller Allison Alm Almagià Almagro Almansa Almazán Almeida Almgren Almqvist Aloisio Alonso Alonzi Alpaidis Alsina
Altamirano Altera Alvarado Alvarez Alves Amador Amaldi Amalrada Amaral Amat Amato Amaya Amble Amigó Ammaniti Amo Amor
Amores Amorim Amorós Amundsen Anand Anastasi Anaya Anderberg Anders Andersen Anderson Andersson Andra Andrade Andre
Andreasen Andreassen Andreasson Andreotti Andreozzi Andres Andresen Andreu Andrew Andrews Andrén Andrés Angeli
Angiolello Anglada Anguillara Anguissola Anguita Angulo Anichini Anjos Anne Ansems Antal Antelami Anthony Antikainen
Antoine Antonacci Antonelli Antonello Antonetti Antonini Antonioni Antonsen Antonsson Antonucci Anttila Anttonen
Antunes Antón Antúnez Anyango Aparecida Aparicio Aporti Appelman Apte Aragonés Aragão Aragón Aramburu Arana Aranda
Araujo Araújo Arce Archer Arco Arcos Ardelean Arellano Arenas Arens Arent Argan Argentero Argenti Argento Argurio
Arias Ariasso Ariens Ariosto Ariza Ariño Arjona Armani Armas Armellini Armengol Armstrong Arnaiz Arnal Arnau Arnaud
Arnesen Arnold Aro Aroca Aronsson Arora Arranz Arredondo Arregui Arribas Arrieta Arroyo Arslan Arsoy Arteaga Artigas
Arts Arvidsson Arya Arévalo Aschman Asenjo Asensio Ashley Ashton Asikainen Aslan Asmundo Asp Asplund Asprucci Assunção
Atieno Atienza Atkins Atkinson Atwal Atzler Aubert Aubry Auer Auger Augustsson Aulenti Auma Aumann Aune Aurora
Austermühle Austin Autio Auvinen Avery Avila Avilés Avogadro Axelsson Ayala Ayers Ayllón Ayuso Azcona Azevedo Aznar
Azorin Babati Babato Babbo Babu Bach Bachmann Backer Backlund Backman Bacosi Badal Badami Bader Badoer Badoglio Badía
Baena Baeza Baggio Baglioni Bahl Bahri Bail Bailey Bailly Bains Baird Bajaj Bajamonti Bajardi Bajwa Baker Bakke Bakken
Bakker Bakos Bakshi Bal Bala Balaguer Balakrishnan Balan Balasubramanian Balay Balbi Balbo Baldwin Bali Ball Balla
Ballard Ballester Ballesteros Balog Balogh Balotelli Balázs Bandello Bandi Banerjee Banik Banks Bansal Baptista
Baquero Baracca Barad Barajas Baral Baran Barasa Barba Barbarigo Barbe Barber Barberini Barbero Barberá Barbier
Barbosa Barbu Barcaccia Barcella Barceló Barco Barents Barese Baresi Baria Barillaro Barker Barkholz Barlow Barman
Barna Barnes Barnett Baroffio Baron Barozzi Barr Barracco Barragán Barral Barranco Barraza Barre Barreda Barrena
Barrera Barreto Barrett Barrientos Barriga Barrio Barrios Barron Barros Barroso Barry Barsanti Barta Bartels Barth
Barthelemy Bartlett Bartoli Bartolomé Barton Bartoš Bartošová Barzini Baró Barón Bas Basadonna Basak Bass Bassi Basso
Bastiaanse Bastiaense Bastida Basu Bataglia Batalla Bates Bath Batista Batlle Batra Batta Battaglia Battelli Battisti
Baudry Bauer Baum Baumann Baumgartner Bautista Bauzà Bava Bave Bawa Baxter Bayer Bayo Bayona Bayón Bazin Bazzi Baños
Bean Beard Beasley Beattie Beatty Beccaria Beccheria Becerra Bech Becht Beck Becker Beckmann Bedi Bednář Bednářová
Beekman Beer Beernink Beffa Begum Behl Beier Beijring Bejarano Bekbergen Belda Bell Bellemans Belletini Bellido
Bellini Bello Bellocchio Bellucci Bellò Belmonte Belpere Beltran Beltrán Bembo Ben Benard Benavent Benavente Benavides
Bender Benedetti Benet Beneš Benešová Bengtsson Benigni Benitez Benito Benjamin Bennett Benoit Benson Benthin Bentley
Benton Benussi Benítez Beourgeois Bera Beran Beranová Berends Berendse Berengario Berenguer Berg Bergdahl Berge Berger
Berggren Bergkvist Berglund Bergman Bergoglio Bergqvist Bergsten Bergstrand Bergström Bergvall Berlusconi Bermejo
Bermudez Bermúdez Bernaards Bernad Bernal Bernard Bernardi Bernardini Bernasconi Bernat Bernetti Bernhard Bernier
Bernini Berntsen Berntsson Berrocal Berry Berrè Berríos Bersani Bertelsen Berthelot Bertho Bertilsson Bertin Bertoli
Bertolucci Bertoni Bertrand Bertrán Beránek Beránková Besnard Besson Best Bettin Bettoni Bevan Bevilacqua Beyer
Bezemer Bhagat Bhakta Bhalla Bhandari Bhardwaj Bhargava Bhasin Bhat Bhatia Bhatnagar Bhatt Bhattacharyya Bhatti
Bhavsar Biagi Biagiotti Bianchi Bianchini Bibi Bien Bierstraten Biggen Bignami Bignardi Bigot Bijlsma Bilbao Bilge
Bilgin Bilir Billung Binaghi Binner Bir Birch Bird Birkeland Birnbaum Biró Bishop Biswas Bittner Bixio Björk Björklund
Björkman Blaak Black Blackburn Blackwell Blair Blake Blanc Blanca Blanch Blanchard Blanchet Blanco Blanes Blankenship
Blasco Blasi Blazquez Blažek Blažková Blees Bleijenberg Blevins Blewanus Blick Blin Blixt Bloch Block Bloemendaal
Blokland Blom Blomberg Blomgren Blomkvist Blomqvist Blondel Blonk Blot Blum Bláha Bláhová Blázquez Blümel Boada Boaga
Boase Bobal Bocca Boccaccio Boccherini Boccioni Bocelli Boddaugh Bodin Bodnár Bodoni Boer Boers Boeser Boetet Boezio
Bogan Bogdán Bognár Bohlander Bohlin Bohman Bohnbach Boiardo Boitani Boito Boix Bolander Bolaños Boldù Bolin
Bolkesteijn Bolnbach Bolton Bolzmann Boman Bombieri Bompiani Bonanno Bonatti Bonaventura Bonbach Bond Bondumier Bonet
Bongiorno Bonilla Bonino Bonneau Bonnet Bonnin Bonolis Bonomo Booden Boogaerts Booker Boon Boone Booth Bora Borah
Borak Borbély Borde Borg Borges Borghese Borgia Borgström Borja Borman Boros Borra Borrani Borrego Borrell Borromeo
Borromini Borroni Borrás Borsellino Borsiere Borzomì Bos Bosch Bose Bosio Bosman Bossi Boström Bosurgi Botella Botta
Bottaro Botticelli Bottigliero Bou Boucher Bouchet Boucsein Boudewijns Bouhuizen Boulanger Boulay Bourdon Bourgeois
Bousquet Bouthoorn Boutin Bouvet Bouvier Bouwhuisen Bova Bowen Bowers Bowman Boyce Boyd Boyer Boyle Bradford Bradley
Bradshaw Brady Bragadin Bragaglia Brahmbhatt Bramante Brambilla Brancaccio Branch Branciforte Branco Brandon Brands
Brandt Brar Braun Bravo Bray Brekke Brenna Brennan Bresciani Bresse Bresé Breton Breugelensis Brewer Briand Briccialdi
Brichese Bridges Briemer Briere Brievingh Briggs Bright Brink Briones Brisee Brito Brizee Broberg Brock Brodin Broeckx
Broeders Broek Broekhoven Broeshart Broggini Brolin Broman Bronder Brookes Brooks Broschi Brouwer Brown Browne
Browning Brož Brožová Bru Bruce Bruder Bruen Bruggeman Brugman Brugnaro Brumleve Brun Bruneau Brunel Brunelleschi
Brunello Brunet Brunner Bruno Bruscantini Bruun Bruynzeels Bryan Bryant Brännström Buch Buchanan Bucher Buchholz Buck
Buckley Bud Budai Budig Buendía Bueno Buijs Buisson Bull Bullock Bulzoni Bumb Buonauro Burcardo Burch Bureš Burešová
Burgess Burgos Burke Burman Burnett Burns Burrows Burton Buscetta Bush Busoni Busquets Bustamante Bustos Butala
Butcher Butler Butselaar Butte Bylund Byrd Byrne Byström Báez Bálint Bárcena Bárta Bártová Bäck Bäckman Bäckström Bähr
Bärer Bègue Bílek Bílková Bökenkamp Börjesson Börner Bøe Caballero Cabanillas Cabañas Cabello Cabeza Cabezas Cabibbo
Cabo Caboto Cabrera Cabrero Cabrini Caccianemico Caccioppoli Cadefau Cadenas Cadorna Caetani Cafarchia Caffarelli
Cagnin Cagnotto Cain Cainero Cairns Caironi Cal Calarco Calatayud Calbo Caldeira Calderon Calderón Caldwell Calgari
Calhoun Callahan Callegari Callegaro Calleja Calvet Calvo Calzada Camacho Camanni Camargo Cameron Camicione Camilleri
Camino Camiscione Cammarata Cammel Campanella Campano Campbell Campillo Campise Campo Campos Campoy Camps Camuccini
Camus Canales Canali Canals Canet Canetta Canevascini Canil Cannizzaro Cannon Cano Canova Cant Cantero Cantimori
Cantrell Cantu Cantón Caparrós Capdevila Capecchi Capone Cappelli Capua Capuana Caracciolo Carbajo Carballo Carbonell
Carbó Cardano Cardenas Cardona Cardoso Cardozo Carducci Carey Carfagna Carlberg Carli Carlier Carlos Carlsen Carlson
Carlsson Carmona Carneiro Carnera Carnero Carney Carnotte Caro Carocci Caron Carosone Carpaccio Carpenter Carpentier
Carpio Carr Carranza Carrasco Carre Carrera Carreras Carretero Carreño Carriera Carrillo Carrión Carro Carroll Carson
Carsten Carter Cartwright Carullo Caruso Carvajal Carvalho Carville Casadei Casado Casagrande Casal Casale Casaleggio
Casalodi Casals Casanova Casanovas Casares Casarin Casas Case Casellati Cases Casey Casini Caspar Cassarà Cassiano
Cassin Castaneda Castañeda Castejón Castell Castellanos Castelli Castellitto Castells Castelló Castiglione Castilla
Castillo Castioni Castrillo Castro Catalano Catalá Catalán Catenazzi Cattaneo Cavalcante Cavalcanti Cavanna Cazorla
Cañas Cañellas Cañete Cañizares Ceballos Ceci Celentano Celis Cendron Cepeda Ceravolo Cerdá Cerdán Cerezo Ceri
Cerquiglini Cerro Cerutti Cervantes Cervera Cesaroni Cesarotti Ceschi Chacko Chacón Chad Chada Chadha Chadwick Chahal
Chakrabarti Chakraborty Chamberlain Chambers Chamorro Chan Chana Chand Chanda Chander Chandler Chandra Chandran Chaney
Chang Chaparro Chapman Char Charles Charlton Charon Charpentier Charrier Chartier Chase Chatterjee Chaudhari Chaudhary
Chaudhry Chaudhuri Chaudry Chauhan Chauveau Chauvet Chauvin Chaves Chavez Chawla Checa Chechi Cheda Cheema Chen
Cherian Cherry Cherubini Chevalier Chevallier Chevresson Chhabra Chiappetta Chiaramonte Chico Chiesa Chigi Chindamo
Chinnici Chittolini Choi Chokshi Chopra Chotzen Choudhary Choudhry Choudhury Chowdhury Christensen Christian
Christiansen Christoffersen Christoph Chrodtrud Chrétien Chung Church Chávez Ciampi Cianciolo Ciani Cibin Cicala
Cichorius Cicilia Cid Cifuentes Cignaroli Cilea Cilibrasi Cimarosa Cimini Cipolla Cirino Cisneros Civaschi Claassen
Claesdr Claesner Claesson Clark Clarke Clausen Clavero Clay Clayton Clemente Clements Clerc Clifford Cline Clément
Coardi Coates Cobb Cobo Cobos Coca Cocci Cochran Cociarelli Codina Coelho Coello Coenen Coffey Cohen Colas Cole
Coleman Coles Colin Coll Collado Collet Colletti Collier Collin Collina Collins Collodi Colom Coloma Colomer Colon
Colum Columbo Comar Comas Combi Comboni Combs Comencini Comeriato Comisso Comolli Company Compton Conde Condoleo
Conesa Conley Connelly Conner Connolly Connor Conrad Conradi Conroy Considine Contarini Conte Conti Contractor
Contrafatto Contreras Conway Cook Cooke Coolen Cooley Cooper Copeland Coppola Corbacho Corbett Corbo Corcos Cordero
Cordier Cordova Coret Coret-Coredo Corkery Cormican Cormier Cornejo Cornelisse Cornelissen Cornelisz Corominas
Coronado Corradi Corral Correa Correia Correr Corstiaens Cortes Cortese Cortez Cortina Cortés Cosman Cossiga Costa
Costalonga Costanzi Coste Costela Costello Coulon Courtier Courtois Cousin Couturier Cowan Cox Craig Crane Craven
Crawford Cremin Cremonesi Crespi Crespo Criado Crisafulli Crispi Cristea Cristoforetti Cronin Crosby Cross Cruz Csonka
Cuadrado Cuda Cuenca Cuervo Cuesta Cueto Cuevas Cugia Cummings Cundari Cunha Cunningham Cuomo Curatoli Curci Curiel
Currie Curry Curtis Cusano Cutrufo Cutuli Cuzzocrea Cuéllar Cáceres Cámara Cánovas Cárdenas Câmara Céspedes Córdoba
Córdova Cózar Dachgelder Dachgeldt Dachgelt Dada Dahl Dahlberg Dahlgren Dahlin Dahlqvist Dahlström Dahlén Dalal Dale
Dalla Dallapé Dallara Dalmau Dalton Daly Dam Dandolo Dani Daniel Daniels Danielsen Danielsson Dar Dara Das Dasgupta
Dash Dass Date Datta Daugherty Dave Davenport Davey David Davids Davidson Davidsson Davies Davila Davis Davison Dawson
Day Dayal Daza Dean Decker Deep Dehmel Dej Dekker Delacruz Delahaye Delannoy Delattre Delaunay Deledda Deleon Delgado
Delle Dellucci Delmas Delorme Demir Demirel Demmendaal Denis Dennenberg Dennis Deo Deol Depero Desai Descamps
Deschamps Deshmukh Deshpande Desio Detti Devan Devaux Devi Dewan Dey Deák Dhaliwal Dhar Dhawan Dhillon Dhingra
Diaconescu Diaconu Diallo Dias Diaz Dibiasi Dickerson Dickinson Dickson Didier Diego Diesbergen Dietrich Dietz Diez
Dijkman Dijkstra Dijoux Dillon Dima Din Dinu Dippel Dircken Dirksen Dirven Disdero Ditschlerin Divan Dixit Dixon
Diéguez Dobes Dobre Dobson Dochioiu Doctor Dodd Dodson Doesburg Doglioni Doherty Doležal Doležalová Dolinar Domingo
Domingues Dominguez Doménech Domínguez Donaire Donaldson Donarelli Donati Donatoni Donini Donnelly Donoso Donovan Donà
Dooley Doorhof Doornhem Dora Doria Dorsey Dorsman Doshi Dossetti Dossi Dostál Dostálová Dougherty Douglas Dovara
Dowerg Downs Doyle Draaisma Draghi Drake Drewes Dries Driessen Drub Drubin Drummond Druso Drysdale Dua Duarte Dube
Dubey Dubois Duda Dudek Dudko Dudley Dudás Dueñas Duffy Dufour Dugal Dugar Duhamel Duivenvoorden Duke Dulbecco Dumanlı
Dumas Dumitrescu Dumont Duncan Dunlap Dunn Duodo Dupont Dupré Dupuis Dupuy Duque Duran Durand Durante Durdu Durham
Durmuş Durán Duse Dutt Dutta Duval Dušek Dušková Dvořák Dvořáková Dyal Dyer Dávila Díaz Díez Döhn Döring Dörr
Dörschner Eaton Eberhardt Ebert Eberth Echevarría Echeverría Eckbauer Eckhardt Eco Edberg Edin Edlund Edman Edström
Edvardsen Edvardsson Edwards Edwin Eelman Eerden Eftimie Egea Egger Ehlert Eide Eigenwillig Eijkelboom Eimer Einarsson
Einaudi Ekberg Ekdahl Ekelund Ekholm Eklund Eklöf Ekman Ekstrand Ekström Elberts Elbertse Eliassen Eliasson Eller
Ellingsen Elliott Ellis Ellison Elo Elofsson Eloranta Elorza Elsemulder Elsenaar Elías Emanuelli Emanuelsson Emilsson
Emmen Emo Endrizzi Ene Engberg Engdahl Engel Engels Engen English Englund Engman Engström Engvall Enright Enríquez
Eraslan Erdoğan Ergül Erhout Erickson Ericson Ericsson Eriksen Eriksson Erkkilä Erlandsson Ernst Eronen Errani Errigo
Ertaş Escalona Escamilla Escobar Escolano Escribano Escrivá Escudero Eskelinen Eskola Espada Esparza España Español
Espejo Espinosa Espinoza Esposito Esteban Estes Esteve Esteves Estevez Estey Estrada Estévez Etzler Etzold Evans
Evensen Everde Everett Evers Everts Evrard Ewing Exposito Expósito Fabbri Fabian Fabra Fabre Fabregat Fabrizi
Fagerström Faggiani Fagiani Fagotto Fahey Faivre Fajardo Falcone Falcó Falcón Falier Falk Fallaci Falloppio Fankhauser
Fantini Fantoni Fantozzi Fanucci Faragó Farah Faranda Faria Farias Farina Farinelli Farkas Farley Farmer Farnese
Farrell Farré Farías Fattori Faugno Faulkner Faure Faust Favata Fay Fazekas Fechant Fechner Federici Federico Feeney
Feenstra Fehér Feijoo Fekete Felber Felder Feliu Feltzer Fenton Ferguson Ferm Fermi Fernandes Fernandez Fernández
Ferrabosco Ferragamo Ferragni Ferran Ferrand Ferrando Ferrante Ferrara Ferrari Ferraris Ferrata Ferrazzi Ferreira
Ferrell Ferrer Ferrera Ferreras Ferrero Ferretti Ferrucci Ferry Ferrán Ferrández Ferrándiz Fiala Fialová Fibonacci
Ficino Fiebig Fiedler Field Fields Fieramosca Fiere Fierro Figueiredo Figueras Figueroa Figuerola Filangieri
Filippelli Filippini Filogamo Filzi Finch Finetti Finke Finley Finotto Finzi Fiol Fioravanti Fiorucci Fischer
Fischetti Fisher Fittipaldi Fitzgerald Fitzpatrick Fišer Fišerová Flaiano Flantz Flatley Fleming Fletcher Fleury
Fliegner Flink Flood Flor Florea Flores Florio Flowers Floyd Flynn Flórez Foa Foconi Fodor Fogazzaro Fogaça Folch
Foletti Foley Folkesson Folliero Fonseca Font Fontaine Forbes Ford Fornaciari Fors Forsberg Forsell Forsgren Forslund
Forsman Forster Fortuny Fortuyn Forza Foscari Foster Foucher Fouquet Fournier Fowler Fox Foà Fracci Franceschi Franch
Francis Francisco Franco Frandsen Frank Franke Frankhuizen Franklin Franscini Fransson Franzese Franzén François
Françoise Fras Fraser Frazier Frederick Frederiksen Fredriks Fredriksen Fredriksson Freeman Freitag Freitas Fremie
French Frerichs Frescobaldi Freshour Freudenberger Frey Friberg Frick Frid Friedman Friedrich Friehus Friis Frisk
Fritsch Fritz Frost Frutos Fry Frye Frías Fröhlich Fuchs Fuente Fuentes Fuertes Fuller Furda Fusani Fuseli Fuster
Fábián Fábregas Förster Fülöp Fırat Gaba Gabaldón Gabba Gabbana Gabrieli Gabrielsson Gadda Gade Gaggini Gagliano
Gagliardi Gaiatto Gaillard Gaines Gaito Gaitán Gala Galan Galeati Galenzone Galiano Galiazzo Galijn Galik Galilei
Galindo Gallagher Gallardo Gallart Gallego Gallegos Gallet Gallo Galloway Galtarossa Galuppi Galvan Galvani Galvez
Galván Galán Gamble Gamboa Gandhi Ganesan Ganesh Gangemi Ganguly Gara Garay Garcia Garcés García Garde Gardiner
Gardner Garg Gargallo Garibaldi Garmendia Garner Garnier Garobbio Garozzo Garret Garrett Garrido Garriga Garrison
Garrone Garza Garzoni Garzón Gascón Gashi Gaspar Gasperi Gasser Gates Gatto Gaudin Gauthier Gautier Gay Gaya Geerling
Geerts Geertsen Gehringer Geiger Geisel Geisler Geißler Gelabert Geldens Gellemeyer Gelli Gemen Gemito Geneart
Genefaas Gentileschi Gentili Gentilini Gentry George Georges Georgescu Gera Geraci Gerlach Germain Germano Gerrits
Gerritse Gerritsen Gertz Gervais Gheorghiu Ghoerle Ghose Ghosh Giacconi Giacometti Giammusso Gianetti Gianinazzi
Giannelli Giannetti Giannini Giannone Giannotti Giannuzzi Gianvecchio Gibbons Gibbs Gibert Gibilisco Gibson Gierschner
Gieß Gigli Gil Gilabert Gilardoni Gilbert Giles Gill Gilles Gillespie Gillet Gillis Gilmore Gimenez Gimeno Giménez
Giner Ginese Ginesio Gioberti Giolitti Giorgetti Giovine Giradello Giralt Girard Giraud Girona Girschner Girón Gisbert
Giselmeyer Giulietti Giunti Giusti Glass Glasses Gleeson Glenn Glover Gnatz Gnodde Goda Godard Goddard Goderts Godfrey
Godoy Goedhart Goel Goicoechea Gokhale Gola Golden Goldoni Goldstein Gole Golgi Golino Golla Gomes Gomez Gomila Gomis
Goncalves Gonzaga Gonzales Gonzalez Gonzalo González Gonçalves Good Goodman Goodwin Gopal Gordillo Gordon Gori Gorlitz
Gosselin Goswami Gottardi Gotthard Gotti Goudriaan Gough Gould Gour Govarts Govoni Goyal Gozzano Gozzi Goñi Gracia
Gradenigo Grady Graf Graham Grahn Gramsci Granados Granatelli Granath Granberg Grande Granlund Granström Grant Gras
Grassi Grasso Grau Graves Gravina Gray Greco Green Greene Greenwood Greer Gregersen Greggio Gregori Gregorio Gregory
Greij Gremese Gren Grenier Grewal Grifeo Griffin Griffith Griffiths Grimani Grimes Grisoni Gritti Groen Groenendaal
Groenestein Grondel Grondin Groote Gros Gross Grossi Grover Gruijl Grégoire Grönlund Grönroos Gröttner Guajardo Gual
Gualandi Gualtieri Guarana Guarato Guardia Guardiola Guariento Guarneri Gubain Gucci Gude Guerra Guerreiro Guerrero
Guevara Guglielmi Guha Guibert Guicciardini Guichard Guidone Guidotti Guijarro Guilbert Guillaume Guillen Guillet
Guillon Guillot Guillou Guillén Guinizzelli Guit Guitart Gulati Gulbrandsen Gullberg Gullotta Gulotta Gulyás Gumprich
Gundersen Gunn Gunnarsson Gunpf Gupta Gussoni Gustafsson Gustavsson Gute Gutierrez Gutiérrez Gutknecht Gutmann Guyon
Guyot Guzman Guzmán Guérin Gál Gálvez Gámez Gárate Gáspár Gérard Gómez Göransson Gül Gülen Güçlü Haack Haapala
Haapanen Haapaniemi Haas Haase Haataja Haavisto Hackett Haengreve Haering Hafner Hagberg Hagen Hagendoorn Haglund
Hagman Hagström Hahn Hajdu Hak Hakala Hakkarainen Hakker Halder Hale Haley Hall Hallberg Hallgren Hallin Halme Halonen
Halvarsson Halvorsen Halász Hamann Hamel Hamilton Hammar Hammarström Hammond Hamon Hampton Hancock Handa Hande
Haneberg Hanegraaff Haney Hanna Hannula Hans Hansen Hanson Hanssen Hansson Hanus Hanzel Hançer Haraldsson Hardin
Harding Hardy Hargreaves Hari Haring Harju Harloff Harmon Haro Harper Harrell Harrington Harris Harrison Hart
Hartikainen Hartley Hartman Hartmann Hartung Harvey Hasan Haselaar Hassan Hatfield Hauffer Haug Hauge Haugen Haugland
Hauser Hautala Hautamäki Havel Haverinen Havlíček Havlíčková Hawkins Hayden Hayer Hayes Haynes Hayre Hayrioğlu Hays
Hayward Hazenveld Healy Heaney Heath Hebert Hecker Hedberg Hedin Hedlund Hedman Hedström Heere Heerkens Heerschop
Hegde Hegedüs Hegedűs Hehl Heidrich Heijman Heijmans Heijmen Heikkilä Heikkinen Hein Heino Heinonen Heinrich Heinrichs
Heintze Heinz Heiskanen Hekker Helenius Helgesson Helin Helland Hellberg Heller Hellevoort Hellgren Hellman Hellström
Hellwig Helmerhorst Helminen Henck Henderson Hendricks Hendriks Hendrikse Hendrix Henk Henningsson Henriksen
Henriksson Henriques Henry Henríquez Henschel Hensley Henson Hentschel Heras Herbert Heredia Hering Herman Hermann
Hermans Hermansen Hermansson Hermighausen Hernandez Hernando Hernández Herranz Herrera Herrero Herring Herrmann
Hertrampf Hervia Hervás Hervé Herzog Heser Hess Hesse Hester Hethur Hettner Heuser Hewitt Hexspoor Heydrich Heymans
Heyne Heß Hickey Hickman Hicks Hidalgo Hierro Hietala Hietanen Higgins Higueras Hill Hiller Hills Hilton Hiltunen
Hines Hinton Hirsch Hirvonen Hjalmarsson Hjelm Hjort Hoarau Hoare Hoareau Hobbs Hodge Hodges Hodgson Hoedemakers Hoeks
Hoekstra Hoelen Hoes Hofer Hoffman Hoffmann Hofman Hofmann Hofstetter Hogan Hokkanen Holappa Holden Holder Holgersson
Holland Hollander Holloway Holm Holmberg Holmes Holmgren Holmqvist Holmström Holopainen Holst Holsten Holt Holthuis
Holub Holubová Holzapfel Hondeveld Honing Honkanen Hood Hoogers Hooper Hoover Hope Hopkins Hoppenbrouwer Hora Horak
Horn Horne Hornich Hornig Horrocks Horton Horvat Horváth Horváthová Horák Horáková Horáček Horáčková Hoskins Hosseini
Houdijk Houghton House Houston Howard Howarth Howe Howell Howells Hoyos Hoz Hrubá Hrubý Hruška Hrušková Huang Hubbard
Huber Hubert Huberts Hudson Huel Huerta Huertas Huet Huff Huffman Hughes Huguet Huhn Huhtala Huijben Huijbrechts Huijs
Huijzing Huisman Hull Huls Hulshouts Hulskes Hulst Hult Hultgren Hultman Humbert Humphrey Humphreys Humphries Hunt
Hunter Huotari Huovinen Hurley Hurst Hurtado Hus Hussain Hussein Hutchinson Huttunen Huurdeman Huuskonen Huynh Hyde
Hyttinen Hytönen Hyvärinen Hyvönen Hájek Hájková Hägg Hägglund Häggström Häkkinen Hämäläinen Hänel Hänninen Häring
Härkönen Håkansson Höfig Högberg Höglund Hölzenbecher Höning Hörle Hövel Hübel Iacobucci Iacovelli Iadanza Iannelli
Iannotti Iannucci Iannuzzi Ibarra Ibañez Iborra Ibrahim Ibáñez Iglesia Iglesias Ihalainen Ikonen Ilić Illés Imbert
Immonen Impastato Infante Infantino Ingram Ingvarsson Iniesta Innocenti Interiano Interminei Interminelli Inzaghi
Ionescu Ioniță Ioppi Iqbal Iriarte Irwin Isaksen Isaksson Isern Ismail Israelsson Issa Issac Ivarsson Iversen Iyengar
Iyer Izaguirre Izquierdo Iñiguez Jaakkola Jaatinen Jaceps Jackson Jacob Jacobi Jacobs Jacobsen Jacobson Jacobsson
Jacques Jacquet Jacquot Jacuzzi Jafari Jaggi Jaimes Jain Jakab Jakobsen Jakobsson Jakubowski Jalonen Jama James Janda
Jandová Janečková Jani Janka Jans Jansdr Janse Jansen Jansse Janssen Janssens Jansson Jara Jaramillo Jarl Jaroš
Jarošová Jarvis Jauhiainen Jaume Jayaraman Jaén Jdotte Jean Jefferson Jeggij Jekel Jelínek Jelínková Jenkins Jennings
Jensen Jenssen Jeppesen Jeppsson Jepsen Jerez Jerusalem Jespersen Jessel Jessen Jesus Ježek Ježková Jha Jhaveri Jilani
Jimenez Jiménez Jochems Jockel Johal Johann Johannessen Johannesson Johansen Johansson John Johns Johnsen Johnson
Johnsson Johnston Johnstone Jokela Jokinen Joly Jonasson Jones Jonker Jonkman Jonsson Joosten Jopich Jordan Jordá
Jordán Jorlink Jorrisen Josefsson Joseph Joshi Jost Joubert Jourdan Jovanović Jove Jover Jovinelli Joyce Juan Juarez
Juhlin Juhász Julien Juliá Julián Juma Junck Juncken Jungfer Junitz Junk Junken Juntunen Jurado Jurrijens Jussila
Juvara Juvonen Juárez Jáuregui Jähn Jäkel Jäntsch Jäntti Järvelä Järvenpää Järvi Järvinen Jääskeläinen Jódar Jónás
Jönsson Jörgensen Jørgensen Jüttner Kabus Kadakia Kade Kadlec Kadlecová Kaikkonen Kainulainen Kaiser Kakar Kala Kale
Kalita Kalla Kallen Kallert Kallio Kalman Kamau Kambs Kamdar Kamp Kamper Kanda Kane Kanerva Kangas Kankaanpää Kannan
Kant Kantola Kapadia Kapoor Kapur Kar Kara Karadeniz Karan Karels Karge Karhu Karhunen Kari Kariuki Karjalainen
Karlberg Karlsen Karlsson Karlström Karnik Karpe Karppinen Karttunen Karvinen Karvonen Karz Kas Kasak Kashyap Kasper
Kata Katana Kathagen Katona Kaufman Kaufmann Kaul Kauppila Kauppinen Kaur Kay Kašpar Kašparová Keer Keijser Keijzer
Keinänen Keith Kelemen Keller Kelley Kelly Keltenie Kemp Kemppainen Kennedy Kenny Kensy Kent Kerekes Kerkhof Kern Kerr
Keränen Keskinen Keskitalo Kessler Ketel Ketola Ketting Kettunen Keudel Key Khalil Khalsa Khan Khanna Khare Khatri
Khosla Khurana Kibe Kibet Kidd Killer Kilpeläinen Kim Kimani Kimutai King Kinnunen Kipkemei Kipkirui Kipkorir Kiplagat
Kiprono Kipruto Kipsang Kiptoo Kirby Kirk Kirpenstein Kirwan Király Kis Kisman Kiss Kitzmann Kiuru Kivelä Kivimäki
Kivinen Kiviniemi Kivistö Kjeldsen Kjellberg Kjær Klapp Klasson Klaus Klausen Kleibrink Kleijse Klein Klemm Klemt
Klerks Kleybrink Klimek Klimko Kline Kling Klingelhöfer Klinger Kloppert Klotz Knapp Knappe Knight Knoers Knowles Knox
Knudsen Knuf Knutsen Knutsson Kobelt Koch Kocsis Koeman Kof Kohl Kohler Kohli Koistinen Koivisto Koivula Koivunen Kok
Kokko Kokkonen Kolar Kolehmainen Kolen Kolster Kolář Kolářová Komulainen Konda Konečná Konečný Koning Konings Konrad
Konttinen Kopa Kopecká Kopecký Koponen Koret Korhonen Korpal Korpela Korpi Korsman Korstman Kort Kortelainen Kortman
Korutürk Kos Koshy Koskela Koski Koskinen Kosonen Koss Kosten Koster Kostolzin Kota Kothari Kovanen Kovač Kovács Kovář
Kovářová Kozma Krabbe Kral Kramer Krantz Kranz Kratochvíl Kratochvílová Kraus Krause Kraushaar Krausová Krebs Krein
Krejčová Kremer Kreusel Kriens Krish Krishna Krishnamurthy Krishnan Kristensen Kristensson Kristiansen Kristiansson
Kristoffersen Kristoffersson Križan Krogh Kroker Kronenberg Krueger Kruns Krupa Kruschwitz Král Králová Kuba Kubek
Kubíček Kubíčková Kuhl Kuhn Kuijpers Kuilenburg Kuiper Kuipers Kuisma Kuit Kujala Kukkonen Kulkarni Kulmala Kumar
Kumer Kumpulainen Kunda Kunen Kunka Kunz Kuosmanen Kurian Kurki Kuronen Kuruvilla Kurz Kus Kusch Kuska Kuusela
Kuusisto Kučera Kučerová Kvist Kwaadland Kyllönen Kähkönen Källström Kämäräinen Kärki Kärkkäinen Käster Köhler Köster
Kühnert Kısakürek Kříž Křížová Laakkonen Laakso Laaksonen Labado Labbé Lachmann Lacombe Lacroix Lad Ladeck Laffray
Lafleur Lagarde Lage Lagerweij Lago Laguna Lahti Lahtinen Laiho Laine Laing Laitinen Lakatos Lal Lala Lall Lalla Lam
Lamas Lamb Lambers Lambert Lamborghini Lambregt Lammi Lamore Lamotte Lampinen Lamy Lancisi Landa Landin Landry
Landström Landy Lane Lanfranchi Lang Lange Langern Langevoort Langlois Lanka Lankinen Lankle Lansink Lantz Laporte
Lappalainen Lara Larkin Laroche Larrañaga Larrea Larsen Larson Larsson Lasa Lassen Lassila Lastra Lata Lathrope Latier
Lattuada Latvala Laukkanen Launay Laurent Lauridsen Laurila Lauritsen Laursen Law Lawrence Lawson Lazar Leach Leal
Leblanc Lebon Lebreton Lebrun Leclerc Leclercq Lecomte Leconte Lecoq Ledesma Ledoux Leduc Lee Leene Lees Lefebvre
Lefort Lefèvre Legendre Legnante Legrand Legros Leguit Lehikoinen Lehmann Lehner Lehtimäki Lehtinen Lehto Lehtola
Lehtonen Leino Leinonen Leite Leiva Lejeune Leleu Lelijveld Lelièvre Lemaire Lemaître Lemke Lemmens Lemoine Lemonnier
Lengyel Lennartsson Lenoir Lensen Leon Leonard Leonardi Leoncavallo Leone Leonetti Leopardi Lepistö Leppänen Lercari
Lerma Lerner Leroux Leroy Lesage Leskinen Lester Letellier Lether Letta Lettiere Levesque Levin Levine Levy Lewis Leão
León Lidström Lidén Lie Liebelt Lien Lieshout Ligorio Ligtvoet Liguori Liimatainen Lijn Lilja Liljegren Lillo Lima Lin
Linares Lind Lindahl Lindau Lindberg Lindblad Lindblom Linde Lindell Linder Lindfors Lindgren Lindh Lindholm Lindkvist
Lindmark Lindner Lindquist Lindqvist Lindroos Lindsey Lindskog Lindström Lindvall Lindén Linke Linna Linschoten Lipp
Lippomano Lipponen Lips Lira Littizzetto Little Liu Liukkonen Liverotti Livingston Liška Lišková Ljung Ljungberg
Ljunggren Ljungqvist Llabrés Lladó Llamas Llano Llanos Lledó Llobet Llopis Llorens Llorente Lloret Lloyd Lluch Lobato
Lobo Loep Logan Loiseau Loke Lollobrigida Lombard Lombardi Lombardo Lombroso Lommert Lonen Long Longhena Loos Lopes
Lopez Lopresti Lorch Lord Loreal Loredan Lorenz Lorenzo Lorreijn Losa Losada Losekann Louis Loureiro Lourenço Louws
Lovato Love Lowe Lowery Loyal Lozano Luboch Lucarelli Lucas Lucchesi Lucciano Lucena Lucero Luciani Ludovisi Luján
Lukács Lukša Lumbreras Luna Lund Lundberg Lundblad Lunde Lundell Lundgren Lundh Lundholm Lundin Lundkvist Lundmark
Lundquist Lundqvist Lundström Luoma Lupo Luque Luria Lussu Luster Luthra Lutterveld Lutz Luukkonen Luxardo Luz Luzi
Luís Lynch Lynn Lyons László Lähteenmäki Léger Lévy Lévêque López Löchel Löf Löffler Löfgren Lönn Lövgren Löwer Lübs
Maas Maaswinkel MacDonald Maccanelli Macdonald Mace Macedo Macek Mach Machado Machová Macháček Macháčková Macias Mack
Macías Madan Madden Maddox Madej Madera Maderna Maderno Madrid Madrigal Madsen Maestre Maffei Magalhães Magar Maggioli
Maglio Magnani Magnusson Magrassi Magyar Mahajan Mahal Maharaj Mahe Mahieu Mahmood Mahoney Maia Maier Maillard Maillet
Maillot Maina Majdan Majewski Major Majorana Majumdar Mak Makkonen Malacarne Malaparte Malatesta Maldonado Malenchini
Malhotra Malinen Malipiero Mall Mallet Mallick Mallien Malm Malmberg Malmgren Malmqvist Malmström Malo Malone Malpighi
Malá Malý Mammen Manacorda Mancebo Mancini Mand Manda Mandal Mander Mane Mangal Mangat Mangel Mangold Mani Manjón Mann
Mannan Manne Manninen Manning Mannoia Manole Manolesso Manrique Mans Mansilla Manso Mansveld Mansvelt Mansız
Mantegazza Mantegna Manuel Manunta Manzanares Manzano Manzoni Manço Marangoni Maras Marazzi Marcacci Marceron Marchal
Marchand Marco Marconi Marcos Marek Marenzio Mareš Marešová Margraf Marie Marin Marinetti Marini Marino Marion
Mariscal Mariño Mark Markkanen Marklund Marko Markovič Marková Marks Markuš Marques Marquez Marqués Marrone Marsden
Marsh Marshall Marsili Martel Martens Marti Martikainen Martin Martineau Martinelli Martinez Martins Martinsen
Martinsson Martorell Marttila Marttinen Martucci Marty Martyn Martí Martín Martínez Mary Marzorati Maréchal Marí Marín
Mas Mascagni Mascaró Mascheroni Mason Maspero Massa Masse Massey Masson Mastandrea Master Mastroianni Mata Matas Mate
Mateo Mateos Mater Mateu Mathenge Mathews Mathiasen Mathiesen Mathieu Mathis Mathisen Mathol Mathurin Matias
Matikainen Matilainen Matos Matoušek Matoušková Mattarella Matteotti Matthews Matthäi Mattila Mattsson Matus Matějka
Matějková Maurer Maurice Maury Maxwell May Mayer Maynard Mayo Mayol Mayoral Mays Maza Mazilescu Mazzacurati Mazzanti
Mazzeo Mazzi Mazzini Mazzocchi Maček Mašek Mašková McCarthy McCormick McCullough McDermott McDonald McGill McGilligan
McGlynn McGrath McIntyre McKay McKenna McKenzie McKinnon McLaughlin McLean McLeod McMahon McPherson Mcbride Mccall
Mccann Mccarthy Mccarty Mcclain Mcclure Mcconnell Mccormick Mccoy Mccullough Mcdaniel Mcdonald Mcdowell Mcfarland
Mcgee Mcgrath Mcguire Mcintosh Mcintyre Mckay Mckee Mckenzie Mckinney Mcknight Mclaughlin Mclean Mcmahon Mcmillan
Mcneil Mcpherson Meadows Medici Medina Medved Meeres Meeusen Meier Meijer Meis Meister Mejia Mejía Melander Melendez
Melero Melet Melin Mellor Melo Melton Meléndez Memon Mena Menard Mende Mendes Mendez Mendizábal Mendonça Mendoza
Mendès Menendez Meneses Mengolo Mennea Menon Mens Mentzel Menéndez Mercadante Mercader Mercado Mercalli Mercantini
Mercati Mercer Merchant Mercier Mercks Merckx Meriläinen Merino Merisi Merkx Merle Merritt Mesa Metcalfe Metella Metz
Meucci Meunier Meyer Meyers Meza Mezei Mezzetta Miah Micca Michael Michaud Michel Michelangeli Micheletti Michiels
Michielsen Middelkoop Middleton Mielcarek Mies Miettinen Migliaccio Miguel Mijsberg Mikkelsen Mikkola Mikkonen
Milanesi Miles Milla Millar Miller Millet Mills Millán Miltenburg Mimun Miner Minhas Miniati Mir Miralles Miranda Miró
Mishra Misicher Misra Missoni Mistry Mital Mitchell Mitra Mitschke Mittal Mitter Moberg Mocanu Moccia Mocenigo Modi
Modiano Modig Modigliani Modugno Mody Moe Moen Moenen Moensendijk Moet Mogensen Mogherini Mohamed Mohammad Mohammadi
Mohammed Mohamud Mohan Mohanty Mohaupt Mohr Moilanen Moisio Mol Molegraaf Molen Molenaar Moles Molesini Molin Molina
Moliner Molins Moll Molnár Momberg Monaco Monahan Mondadori Mondaini Monduzzi Moneta Monicelli Monk Monnier Mononen
Monreal Monroe Monroy Monsalve Montalbán Montalcini Montalti Montanari Montanariello Montanelli Montaña Monte
Montecchi Monteiro Montenegro Montero Montes Montesano Montesinos Montessori Monteverdi Montgomery Monti Montoya
Montserrat Moody Moon Mooney Moore Mora Morabito Moraes Morais Moraleda Morales Moran Morandi Morandini Morante Morar
Morata Moravcová Moravec Morcillo More Moreau Moreira Morel Morell Morellato Moreno Morera Moresi Moretti Morgagni
Morgan Morillo Morin Morissette Morlacchi Morley Morosini Morpurgo Morricone Morris Morrison Morrocco Morrow Morse
Mortati Mortensen Morton Morucci Morvan Morán Moschino Mosemann Moser Moses Mosley Mosquera Moss Mota Moulin Moura
Moya Moyano Moyer Mozart Mraz Mucha Mudden Mude Mueller Muhonen Muijs Mukherjee Mukhopadhyay Mulder Mulders Mulet
Mullen Muller Mullins Mumbi Munari Muni Munoz Munshi Mur Muratori Murcia Murialdo Murillo Muro Murphy Murray Murri
Murthy Murty Musatti Musil Musilová Mustafa Mustonen Mutai Muthoni Muti Mutti Muñoz Mwangi Myers Myhre Myklebust
Myllymäki Mármol Márquez Márton Máté Mäenpää Mäkelä Mäki Mäkinen Mälzer Männistö Mäntylä Määttä Månsson Mårtensson
Méndez Mészáros Mínguez Möchlichen Möller Møller Múgica Múñiz Mühle Mülichen Müller Müllerová Naccari Nadal Nadi Nadig
Nadkarni Nagar Nagarajan Nagel Nagi Nagy Naidu Naik Nair Nanda Napolitano Narain Narang Naranjo Narasimhan Narayan
Narayanan Narula Narváez Nascimento Naser Nash Natarajan Nath Natt Natta Navarrete Navarria Navarro Navas Navone
Navrátil Navrátilová Nayak Nayar Naylor Nazareth Neal Nebot Necci Nedermeijer Neira Nek Nelson Nemec Nemes Nemeș
Nerger Neto Nette Neubauer Neugebauer Neureuther Neuschäfer Neuteboom Neuzerling Nevado Nevala Nevalainen Neves Neveu
Newman Newton Nguyen Nibali Nicholas Nicholls Nichols Nicholson Nicolas Nicolau Nicoletti Nicolini Nicolucci Nicolás
Nielsen Niemeier Niemelä Niemi Nieminen Niermann Nieto Nieuwstraten Nievo Nigam Niggli Nihoe Niiranen Nijman Niklasson
Nikula Nilsen Nilsson Niscoromni Niskanen Nissen Nissinen Nistor Nitti Nitto Nixon Niño Niță Njeri Njoroge Noack Noble
Nogueira Noguera Nogués Nohlmans Nolan Nolcini Nollee Nonis Noordijk Norberg Norbiato Nord Nordberg Nordgren Nordin
Nordio Nordlander Nordlund Nordqvist Nordström Norgren Nori Noriega Norlin Norling Norman Normand Norris Norrman North
Norton Norén Nosiglia Notarbartolo Nousiainen Novaes Novais Novak Novaro Novoa Novotná Novotný Novák Nováková Noël
Nugnes Nunes Nunez Nurmi Nurminen Nuutinen Nuñez Nyberg Nygren Nygård Nykänen Nylander Nylund Nylén Nyman Nyström
Näslund Næss Németh Nørgaard Núñez Němcová Němec Němeček Němečková Oak Obrien Ocampo Ocaña Ochieng Ochoa Oconnell
Oconnor Oda Oderwald Odescalchi Odhiambo Odom Odonnell Oemencs Oennen Oestrovsky Offredi Ohlsson Oikarinen Oinonen
Ojala Ojanen Ojeda Oksanen Olander Olausson Olesen Oliboni Oliva Olivares Oliveira Oliver Olivera Oliveras Olivetti
Olivier Olivé Oller Ollikainen Ollila Ollivier Olmedo Olmo Olmos Olofsson Olsen Olson Olsson Olthof Olykan Oláh Omar
Omma Omondi Oneal Oneill Onio Onisto Onyango Oommen Ooms Oosterhek Oosterhout Oostveen Opizzi Opmans Oprea Orbán
Ordóñez Orellana Orengo Orlando Orosz Orozco Orr Orsini Orsós Ortega Ortese Ortiz Ortmann Ortolani Ortuño Osborn
Osborne Oscuro Oskarsson Osman Osorio Ossani Ossola Osterhoudt Ostinelli Osuna Otero Otieno Ott Otte Ottino Otto
Ottosson Ouma Ouwel Ouwerkerk Ovadia Overdijk Overeem Overgaard Oversteeg Owen Owens Owuor Oza Paananen Paavilainen
Paavola Pablo Pabón Pace Pacelli Pacetti Pacheco Pacillo Pacocha Pacomio Padilla Padmanabhan Padovano Paffrath
Paganini Page Pages Pagliaro Pagnotto Pagès Pai Paillet Paiva Pajunen Pakarinen Pal Palacio Palacios Palan Palau
Palazzo Pall Palla Palladio Pallarès Palm Palma Palman Palmer Palmgren Palmisano Palmqvist Palomar Palomares Palombi
Palomino Palomo Palomäki Paltrinieri Palumbo Panatta Panchal Pandey Pandit Pandya Paniagua Panicucci Pant Panzera
Paoletti Paolini Paolucci Pap Papafava Papetti Papp Parada Pardo Paredes Pareja Parejo Parekh Parent Pareto Parikh
Parini Paris Parisi Park Parker Parkes Parkin Parkinson Parkkinen Parks Parmar Parmer Parmitano Parpinel Parra Parri
Parrish Parry Parsa Parsons Partanen Paruta Parviainen Pasanen Pascal Pascarella Pascual Pasman Pasolini Pasqua
Pasquier Passalacqua Passchiers Pastine Pastoors Pastor Pataki Patberg Patel Pathak Patil Patiño Patla Patrick
Patterson Patton Pau Paul Paulsen Paulsson Pausini Pauwels Pavanello Pavarotti Pavlov Pavlík Pavlíková Pavlíček Pavone
Pavón Payet Payne Paz Pazos Peacock Peano Pearce Pearson Pechel Peck Pederiva Pedersen Pedersoli Pedraza Pedrazzini
Pedrero Pedro Pedroni Pedrosa Peeters Pehkonen Peinado Peiró Peixoto Pekkala Pekkarinen Pelayo Pelkonen Pellegrini
Pelletier Pelli Pellicer Pellico Peltier Peltola Peltonen Peltoniemi Peláez Pena Pennanen Pennetta Pennington Penttilä
Penttinen Pepe Pera Peral Perales Peralta Peranda Perck Perea Pereira Perelló Perera Perez Pergande Pergolesi Peri
Perini Perkins Peron Peronne Perozzo Perret Perrier Perrin Perrono Perrot Perry Persico Persijn Persson Pertile
Pertini Peruzzi Perälä Pesonen Petek Peter Peters Peterse Petersen Peterson Petersson Petit Petitjean Petralli
Petrassi Petrocelli Petrová Petrucci Petrucelli Petruzzi Pettersen Pettersson Petty Peukert Pezzali Peña Peñalver
Peñas Pešková Pfeffer Pfister Pham Phelps Philippe Phillips Phillipsen Piacentini Piane Piazzi Picard Piccinni Piccio
Pichon Pickering Pieper Pierce Pierre Pierson Pieters Pietilä Pietrangeli Pigafetta Pignatti Pihl Piirainen Pillai
Pillay Pimenta Pina Pinamonte Pincherle Pineau Pineda Pinedo Pingle Pinheiro Pinho Pinilla Pininfarina Pino Pinto
Pintor Pintér Piovani Piquer Pirandello Pirelli Pires Pirinen Pisacane Pisani Pisano Pisaroni Pison Pistoletto
Pitkänen Pittman Pitts Pizarro Pizzamano Pizzetti Pizziol Pizzo Piña Piñeiro Piñol Pla Plana Planas Plath Platini
Plaza Poerio Pohjola Pohl Poirier Pokorná Pokorný Pol Polani Polesel Polizzi Pollard Polo Polák Poláková Pomares Pombo
Pometta Ponce Poncelet Ponci Pons Pont Pontecorvo Ponti Poole Pop Popa Pope Popescu Popović Porcel Porcellato Porras
Porta Porter Portero Portillo Porto Porzio Posada Pospíšil Pospíšilová Post Postma Potier Potter Potters Pottier Potts
Pou Poulain Poulsen Powell Power Powers Poza Pozo Pozuelo Pozzecco Prabhakar Prabhu Prada Pradhan Prado Praga Prakash
Prasad Prashad Prat Pratesi Prati Prats Pratt Preda Preiß Preston Price Priego Prieto Prince Prins Prinsen Pritchard
Priuli Probst Procacci Procházka Procházková Proctor Prodi Prohaska Proietti Prokop Pruitt Pruschke Pruvost Prévost
Pucci Puccini Puente Puerta Puga Pugh Pugliese Puglisi Puhakka Puig Pujadas Pujol Pulci Pulido Pulkkinen Puranen Puri
Purohit Putz Puustinen Pușcașu Páez Pál Pásztor Pärtzelt Pääkkönen Pålsson Pérez Péter Pölitz Pöllänen Quasimodo
Querini Quero Querol Quesada Quevedo Quezada Quigley Quinn Quintana Quintanilla Quintero Quiroga Quiroz Quirós
Quiñones Raatikainen Rackham Rademaker Radhakrishnan Radisch Raghavan Rahman Rai Raid Raimondi Raj Raja Rajagopal
Rajagopalan Rajala Rajan Raju Ram Rama Ramachandran Ramaker Ramakrishnan Raman Ramanathan Ramaswamy Ramazzotti Ramesh
Ramirez Ramis Ramos Ramsey Ramírez Ramón Rana Randall Randazzo Randhawa Randolph Ranganathan Rangel Ranta Rantala
Rantanen Rao Rapisardi Rask Rasmussen Rastelli Rastogi Rath Ratta Rattan Ratti Rau Rauhala Raurica Rautiainen Rautio
Ravaglioli Raval Ravel Ravi Ravn Ray Raya Raymond Raynaud Read Real Reardon Rebollo Recer Recers Recio Reddy Redi
Redondo Reed Rees Reese Reeves Rege Regge Regnier Reguera Rehn Rehorst Reich Reichel Reichmann Reid Reig Reijers
Reilly Reimann Reimes Reina Reinhardt Reinikainen Reis Reising Reiter Rek Remmers Renard Renaud Renault Rendón Renier
Renner Rensi Rentería Renzi Repo Requena Respighi Reuter Revilla Rey Reyes Reynaud Reynolds Rezende Rhodes Riba Ribas
Ribeiro Ribera Ribes Ricart Riccardi Riccati Ricci Ricciardi Rice Rich Richard Richards Richardson Richmond Rico
Ricolfi Ridder Riddle Riehl Riem Rienzo Riera Rietveld Riggs Righi Riihimäki Riikonen Rijcken Rijks Rijn Rijntjes
Riley Rinaldi Rincón Ring Rinne Rintala Rios Riou Ripoll Rippey Riquelme Risma Rismondo Rissanen Ritacca Ritchie
Ritter Rius Rivas Rivera Rivero Rivers Rivière Rizzo Rizzoli Roa Roach Robbins Roberson Robert Roberts Robertson
Robertsson Robin Robinson Robledo Robles Robson Roca Rocamora Rocca Roccabonella Rocha Roche Rocher Roda Rodgers
Rodrigo Rodrigues Rodriguez Rodríguez Roero Roessink Roger Rogers Rogge Rogner Rohan Rohleder Roht Roig Rojas Rojo
Roldan Roldán Rolland Rollins Roma Romagnoli Roman Romano Romero Romeu Romijn Romiti Román Roncalli Ronkainen
Roodesteijn Room Roos Roose Roosenboom Ropero Ros Rosa Rosado Rosales Rosario Rosas Rose Rosell Roselló Rosemann
Rosenberg Rosengren Rosenow Rosenqvist Rosiello Roskoth Rosmini Ross Rosselli Rossellini Rosselló Rossetti Rossi
Rossini Rosén Roth Rotteveel Roukes Roura Rousseau Roussel Rousselet Rousset Rout Rouwenhorst Rouwhorst Roux Rovira
Rowe Rowland Rowley Roy Royer Royo Rozas Ruano Rubben Rubbia Ruberto Rubio Rudolf Rudolph Rueda Ruffini Ruggeri
Ruggieri Ruijs Ruiz Ruotsalainen Ruppersberger Ruppert Rus Rush Rusnak Russell Russo Rust Rusticucci Rutherford Rutten
Ruud Ruuskanen Ryan Rydberg Rydén Rytkönen Ryynänen Rácz Rädel Räisänen Räsänen Räty Rémy Río Ríos Ródenas Röhrdanz
Röhricht Römer Rönkkö Rörricht Rønning Růžička Růžičková Saarela Saari Saarinen Saastamoinen Saavedra Sabater Sabatini
Sabbatini Sabharwal Sachar Sachdev Sachdeva Sacristán Saez Saffi Sagar Sager Sagese Sagnelli Sagredo Saha Sahlin Sahni
Sahota Said Saini Sainio Sainz Sakarya Sakwa Sala Salamanca Salandra Salas Salata Salazar Salcedo Saldaña Saleh Sales
Salet Salgado Salgari Salieri Salinas Sallinen Salmela Salmerón Salmi Salminen Salmon Salo Salom Salomaa Salomonsson
Salonen Salvador Salvemini Salvi Salvini Salvo Salvà Salz Sam Sama Samele Sami Sampaio Sampath Samper Sampson Samra
Samson Samuel Samuelsson Sanabria Sanchez Sancho Sandal Sandberg Sandell Sanders Sanderson Sandgren Sandhu Sandi
Sandin Sandoval Sandström Sandvik Sane Sanford Sangha Sanghvi Sanguineti Sani Sanjuan Sankar Sankaran Sanmartín
Sanmiguel Sans Sansoni Sant Santamaria Santamaría Santana Santi Santiago Santorio Santoro Santos Sanudo Sanz Sarabia
Saraceno Saracino Saraf Saragat Saran Sarin Sarkar Sarma Sarmiento Sarna Sarneel Sarraf Sas Sastre Sastry Sathe
Satriani Satta Sauer Sauli Saunders Saura Sauro Sauvage Savage Savant Savolainen Savorgnan Sawhney Sawyer Saxena Saxo
Sbarbaro Scaduto Scalera Scalfaro Scamarcio Scandone Scaramucci Scardino Scarfoglio Scarlatti Scarpa Scarpetta
Scarponi Schaaf Schacht Schaefer Schagen Schakelaar Schaller Scharroo Schatteleijn Scheel Scheer Scheffers Scheibe
Schellekens Schelvis Schenk Schenkel Scherms Scheuermann Schiaparelli Schiavo Schiavone Schicchi Schiffer Schiller
Schilt Schinke Schipper Schleich Schlosser Schmid Schmidt Schmidtke Schmiedecke Schmiedt Schmitt Schneider Schofield
Schokman Scholl Scholten Scholtz Scholz Schomber Schotte Schottin Schou Schouten Schrant Schrik Schroeder Schroeff
Schubert Schuchhardt Schuler Schulten Schultz Schulz Schuster Schuurmans Schuylenborch Schwab Schwartsbach Schwartz
Schwarz Schweitzer Schwital Schäfer Schönland Schüler Scialpi Scott Scotti Scotto Scuylenborchs Sebastián Seco Sedano
Seddio Sedlák Sedláková Sedláček Sedláčková Segarra Segebahn Segerszoen Segni Segovia Segrè Seguin Segura Seguí Sehgal
Seidel Seifert Seiler Seip Sekhon Selin Sellers Sem Semitecolo Sen Senger Sengupta Seppä Seppälä Seppänen Sepúlveda
Serao Serlupi Sermonti Serna Serra Serraglio Serrano Seshadri Sestig Seth Sethi Setty Seven Sever Sevilla Sevillano
Sexton Sezer Sezgin Sforza Sgalambro Sgarbi Sha Shaffer Shah Shan Shanahan Shankar Shanker Shannon Sharaf Sharma Sharp
Sharpe Shaw Shea Shelton Shenoy Shepard Shepherd Sheppard Shere Sheridan Sherman Sheth Shetty Shields Short Shroff
Shukla Shupe Sibal Sibilia Sidhu Siering Sierra Siffredi Sihvonen Sillanpää Silva Silveira Silvennoinen Silvestri
Simeoni Simmonds Simmons Simola Simon Simonen Simonis Simons Simonsen Simonsson Simpson Sims Simó Simões Sinclair
Singh Singhal Singleton Sinha Sinisi Sipilä Sipos Siqueira Sire Sirviö Sirén Sismondi Sitters Sivertsen Sjöberg
Sjöblom Sjödin Sjögren Sjöholm Sjölander Sjölin Sjölund Sjöstedt Sjöstrand Sjöström Skinner Skog Skoglund Skoog Skov
Sköld Slaetsdochter Slagmolen Slater Slavík Slavíková Slingerland Sloan Small Smart Smeets Smirnoff Smit Smith Smits
Snow Snyder Soares Sobrero Sobrino Soderini Sodhi Soffici Soini Soininen Sokol Sokolov Sola Solana Solanki Solano
Solari Solberg Soler Solera Solheim Solimena Solis Sollima Solomon Solsona Solé Solís Som Soman Somers Sommaruga
Sommer Somogyi Somoza Soni Sonnino Sontag Sood Soos Soprano Soranzo Sordi Sorgatz Soria Soriano Sorrentino Sosa Sotelo
Soto Soukup Soukupová Sousa Souza Soylu Soós Spaan Spadafora Spallanzani Spanevello Spanhaak Sparks Spears Speer
Speijer Spence Spencer Speri Spier Spies Spieß Spiker Spinelli Spinola Spreeuw Sprong Spruit Spruyt Squarcione Sraffa
Sridhar Srinivas Srinivasan Srivastava Stadelmann Stafford Staglieno Stahr Stamrood Stan Stancu Stange Stanley Stanton
Staněk Stark Staude Staňková Steckel Steele Steen Steenbakkers Steenbeek Stefanelli Steffensen Steiger Stein Steinberg
Steiner Steinmeiern Stejskal Stejskalová Stenberg Stenlund Stenström Stephens Stephenson Sterkman Stettyn Steuer
Stevens Stevenson Stewart Stey Stichter Stiebitz Stiffel Stinis Stocker Stoffel Stoffelsz Stoica Stokes Stoll Stolze
Stone Stook Stoppani Storey Storladi Storm Stout Stradivari Strand Strandberg Strangio Strickland Strid Striebitz
Strijker Strik Strnad Strnadová Stroh Strong Ström Strömberg Strøm Stuart Stucchi Stuivenberg Stumpf Ståhl Stănescu
Suarez Subramaniam Subramanian Suciu Suhonen Suijker Sule Sullivan Summers Sundaram Sundberg Sundell Sunder Sundin
Sundqvist Sundström Suomalainen Suominen Sur Sura Sureda Suresh Suri Surian Sutinen Sutton Suárez Svahn Svanberg
Svantesson Svedberg Svendsen Svensson Svoboda Svobodová Svärd Swaminathan Swamy Swanson Sweeney Swift Sykes Symons
Syrjälä Szabó Szalai Szekeres Szilágyi Székely Szücs Szőke Szűcs Sáenz Sáez Sánchez Sándor Sárközi Säuberlich Sæther
Söderberg Södergren Söderholm Söderlund Söderman Söderqvist Söderström Söding Sölzer Sörensen Søndergaard Sørensen
Süßebier Sýkora Sýkorová Tabacu Taboada Tacchini Taccola Tafuri Tagliafierro Tailor Taipale Tak Takala Takkelenburg
Takács Talavera Talbot Tali Taliani Taliercio Talwar Tamarit Tamayo Tamborini Tamburello Tamburi Tamburini Tammerijn
Tamminen Tamsma Tamás Tandon Taneja Tangen Tanguy Tank Tanner Tanskanen Tanzini Tapia Tara Tarantini Tarantino
Tarchetti Tarhan Tartaglia Tartini Tarvainen Tasca Taskinen Tasso Tassoni Tata Tate Tavares Taylor Tebaldi Techer
Tedesco Teixeira Tejada Tejedor Tejera Tejero Telesio Tella Tello Tena Tencalla Tenorio Terragni Terrell Terry Terrón
Teruel Tervo Tesař Tessier Teunissen Tevetoğlu Texier Textor Thaker Thakkar Thakur Thaman Thanel Thatcher Thibault
Thiel Thierry Thies Thomas Thomassen Thompson Thomsen Thomson Thor Thornton Thorpe Thorsen Thorén Thout Thulin
Thygesen Tiainen Tichá Tichý Tielemans Tiepolo Tiihonen Tikka Tikkanen Tillmanno Timmerman Timmermans Timonen Tins
Tintzmann Tirabassi Tirado Tirie Tirkkonen Tiwari Tlustek Todd Toft Togliatti Tognazzi Toivanen Toivonen Toldo Toledo
Tolentino Tolonen Tolosa Tolvanen Toma Toman Tomanová Tomas Tomaselli Tomasetti Tomasini Tomei Tomescu Tomlinson
Tommaseo Toms Tomás Tomé Toninelli Tonisto Toor Torlonia Tormo Tornatore Toro Torralba Torre Torrecilla Torrens
Torrent Torrents Torres Torricelli Torrijos Torstensson Toscani Toscanini Toselli Tosi Toso Tosto Totino Totwiller
Toussaint Tovar Townsend Tozzi Tozzo Traetta Tran Traore Trapanese Trapani Trapp Travaglia Travaglio Traversa Travia
Travis Trebbi Treccani Tremblay Tremonti Trentin Trentini Tresoldi Treves Trevino Trevisan Trevisani Trezzini Trillini
Trillo Trincavelli Tripathi Trivedi Trobbiani Troisi Trombetta Trommler Tron Tropea Trotta Trub Trubin Trujillo
Trupiano Trupp Trussardi Tröst Trüb Tschentscher Tucker Tudela Tudor Tuithof Tuomi Tuominen Tuovinen Tur Turati
Turchetta Turchi Turci Turcotte Turesson Turk Turnbull Turner Turpeinen Turpin Turrini Turunen Tutino Tuzzolino Tveit
Tyler Tähtinen Täsche Téllez Tóth Törnqvist Török Türk Tůma Tůmová Ubaldi Udinese Udinesi Ugarte Ughi Uittenbosch
Ullmann Ulloa Ullrich Ulrich Underwood Ungaretti Uotila Upadhyay Uphaus Uphuis Uphus Uppal Urban Urbanová Urbina Ureña
Uriarte Uribe Urrutia Uría Uusitalo Vacek Vacková Vaessen Vaidya Vaillant Vainio Vala Valbuena Valcárcel Valderrama
Valdez Valdivia Valdés Valencia Valenciano Valenta Valente Valentin Valentine Valentino Valentová Valentín Valenzuela
Valera Valero Valette Valguarnera Valier Valkama Valkonen Vall Valladares Valle Vallejo Vallenduuk Vallet Vallin Valls
Vallée Vallés Valmarana Valtonen Valverde Vance Vandenbergh Vanegas Vang Vanvitelli Vaněk Vaquero Vara Varano Varela
Varga Vargas Varghese Varis Varkey Varma Vartiainen Varty Varughese Vasa Vasari Vasconcelos Vasquez Vass Vasseur
Vastenhouw Vattimo Vaughan Vaughn Vaz Vazquez Vaňková Vecellio Vecoli Veenendaal Veenstra Vega Vegt Vela Velasco
Velasquez Velazquez Velderman Velez Veltman Veltroni Velásquez Velázquez Vendetti Venditti Vendrell Venegas Veneziano
Venier Venkataraman Venkatesh Vento Venturi Venäläinen Vera Verbeeck Verbeek Verboom Verbruggen Vercelloni Verda
Verdejo Verdi Verdier Verdone Verdugo Verdú Veres Verga Vergara Vergassola Vergeer Vergerio Verhaar Verhagen Verharen
Verheij Verheuvel Verhoeven Verkade Verma Vermeulen Verri Versace Verschuere Verschut Versluijs Vertoor Vertooren
Vervoort Verwoert Veselá Veselý Vespa Vespucci Vestergaard Vesterinen Vesterlund Vestin Vezzali Vial Viana Vianello
Viberg Vicens Vicente Vidal Vidoni Vieira Vierdag Vig Vigil Vigliotti Vignon Vigorelli Viitala Viitanen Vik Viklund
Vikström Vila Vilalta Vilanova Vilaplana Vilar Vilhelmsson Viljanen Villa Villadicani Villalba Villalobos Villalonga
Villanueva Villar Villarosa Villarreal Villaverde Villegas Villena Vincent Vincze Vink Viola Virgilio Virk Virta
Virtanen Virág Visconti Visintini Vismara Visser Viswanathan Vittadello Vitturi Vivaldi Vives Viviani Vizcaíno Viña
Viñas Vlček Vlčková Vogel Vogt Vohra Voinea Voisin Volcke Vollbrecht Volta Volterra Voortman Vora Vos Voutilainen
Vrancken Vuorela Vuori Vuorinen Vyas Váradi Vásquez Vávra Vávrová Vázquez Väisänen Välimäki Väyrynen Väänänen Vélez
Véliz Vítek Vítková Vörös Waardeloo Wable Wade Wadhwa Wafula Wagenknecht Wagenvoort Wagle Wagner Wahlberg Wahlgren
Wahlström Walder Wali Walia Walker Wall Walla Wallace Waller Wallgren Wallin Wallis Walls Wallén Walsh Walsteijn
Walter Walters Walton Wambui Wang Wanjala Ward Ware Wario Warmer Warner Warren Warrior Washington Wason Waters Watkins
Watson Watts Waweru Weaver Webb Weber Webster Weeks Weeldenburg Weerdenburg Weihmann Weijland Weijters Weimer Weinhage
Weinhold Weiss Weitzel Weiß Welch Welf Weller Wells Wende Wendt Wenger Wennberg Wensen Werdes Wernecke Werner Wesack
West Westberg Wester Westerbeek Westerberg Westerburg Westerlund Westermann Westin Westlund Westman Weston Wever
Weyland Weylant Wheeler Whitaker White Whitehead Whitehouse Whitney Whittaker Whyte Wiberg Widén Wiek Wieloch Wiggins
Wigman Wijland Wiklund Wikström Wilcken Wilcox Wildschut Wiley Wilhelmsson Wilkerson Wilkins Wilkinson Willems
Willemsen Williams Williamson Willis Wilmont Wilms Wilmsen Wilson Winberg Winkler Winnrich Winter Winters Winther
Wipstrik Wirth Wise Wiza Wohlgemut Wolf Wolfe Wolff Wolffel Wolfsdr Wolfswinkel Wolters Wolzak Wong Wood Woodard Woods
Woodward Woolley Wooning Woudenberg Wouters Woutersz Wright Wulf Wulff Wunderink Wutke Wyatt Wähner Yadav Yaman Yang
Yates Yilmaz Ylinen Ylitalo Ylönen Yoder Yogi Yohannan York Yorulmaz Young Yuste Yáñez Yüksel Yıldırım Yılmaz Zaal
Zabala Zabaleta Zabarella Zaccagnini Zaccardo Zacchia Zacco Zach Zacharia Zachariah Zaguri Zahn Zambrano Zamengo
Zamora Zamorani Zamorano Zampa Zanazzo Zanichelli Zanzi Zapata Zaragoza Zarlino Zavala Zecchini Zeemans Zeffirelli
Zeldenrust Zeman Zemanová Zengin Zepeda Zetterberg Zetticci Zevenboom Zhang Ziani Zichichi Ziegert Ziegler Ziemann
Zijlemans Zijlmans Zimmer Zimmerman Zimmermann Zirme Zito Zobel Zola Zoppetti Zoppetto Zorbach Zorlu Zorrilla Zuidweg
Zuijdveld Zuniga Zurita Zwart Zwijsen Zänker Zúñiga Águila Álamo Álvarez Álvaro Ángel Ávalos Ávila Åberg Ågren
Åkerlund Åkerman Åkesson Åsberg Åslund Åström Çamurcuoğlu Çetin Çorlu Étienne Öberg Öcalan Öhman Östberg Österberg
Östling Östlund Östman Ødegård Østergaard Ülker Čech Čechová Čermák Čermáková Černá Černý İhsanoğlu İnönü Říha Říhová
Şafak Şama Şener Şensoy Ševčík Ševčíková Šimek Šimková Šmíd Šmídová Štěpánek Štěpánková Švec Švecová Šťastná Šťastný
Žagar Žák Žáková
"""
    )
)
