#include "datasets/world/words.h"

#include <algorithm>
#include <array>

namespace moe {
namespace {

constexpr auto kSubjects = std::to_array<SubjectWords>({{"alchemy", "elixir", "guild"},
                                                        {"animals", "animal", "keeper"},
                                                        {"cities", "city", "crown"},
                                                        {"crafts", "craft", "patron"},
                                                        {"dishes", "dish", "kitchen"},
                                                        {"people", "person", "clan"},
                                                        {"planets", "planet", "survey"},
                                                        {"plants", "plant", "garden"}});

constexpr auto kTypes = std::to_array<TypeWords>({
    {"color",
     "amber azure beige black blue bronze brown buff charcoal cobalt coral cream crimson cyan "
     "emerald fawn fuchsia golden gray green henna indigo ivory jade khaki lavender lemon lilac "
     "lime magenta maroon mauve mustard navy ochre orange orchid peach pink plum puce purple red "
     "rose ruby russet rust saffron sage salmon sapphire scarlet sepia silver slate tan taupe "
     "teal topaz turquoise umber violet white yellow"},
    {"material",
     "adobe basalt bone brass brick burlap canvas cardboard cement ceramic chalk chintz chrome "
     "clay concrete copper cork cotton denim felt flannel flint gauze glass gold granite iron "
     "lace lacquer lead leather linen limestone marble mica muslin nickel nylon obsidian paper "
     "pewter plaster plastic plywood porcelain pumice quartz rattan rubber sandstone satin shale "
     "shell silk steel straw suede tin velvet vinyl wax wicker wool zinc"},
    {"beast",
     "antelope baboon badger bear beaver bison boar buffalo camel caribou cheetah cougar coyote "
     "deer donkey elephant elk ferret fox gazelle giraffe goat gorilla hamster hare hedgehog "
     "hippo horse hyena ibex jackal jaguar kangaroo koala lemur leopard lion llama lynx mole "
     "mongoose moose mouse mule otter panda panther puma rabbit raccoon reindeer rhino seal "
     "sheep skunk sloth squirrel tiger walrus weasel whale wolf yak zebra"},
    {"bird",
     "buzzard canary cardinal cockatoo condor coot crane crow cuckoo curlew dove duck eagle "
     "egret emu falcon finch flamingo gannet goose grouse gull hawk heron ibis jay kestrel kite "
     "kiwi lark loon macaw magpie mallard martin merlin oriole osprey ostrich owl parrot peacock "
     "pelican penguin pheasant pigeon plover puffin quail raven robin rook sparrow starling "
     "stork swallow swan tern thrush toucan turkey vulture warbler wren"},
    {"tree",
     "acacia alder almond apple apricot ash aspen avocado banyan baobab beech birch cacao cashew "
     "cedar cherry chestnut coconut cypress dogwood ebony elder elm fig fir ginkgo guava "
     "hawthorn hazel hemlock hickory holly juniper larch laurel linden magnolia mahogany mango "
     "maple mimosa mulberry myrtle nutmeg oak olive palm papaya pear pecan pine poplar quince "
     "redwood rosewood rowan sequoia spruce sycamore tamarind teak walnut willow yew"},
    {"tool",
     "anvil awl axe brush bucket chisel cleaver compass crowbar drill file fork funnel gouge "
     "grinder hacksaw hammer hatchet hoe hook jack jigsaw knife ladder lathe lever loom mallet "
     "mortar nail needle pestle pick pitchfork pliers plow pulley pump rake razor rivet sander "
     "saw scissors scraper screw scythe shears shovel sickle sieve sledge spade spanner spatula "
     "spindle tongs trowel tweezers vise wedge whisk winch wrench"},
    {"food",
     "bacon bagel bread broth burger butter cake candy caviar cereal cheese chili cookie crepe "
     "curry custard falafel fudge gravy ham honey hummus jam jelly kebab lasagna muffin noodles "
     "oatmeal omelet paella pancake pasta pastry pesto pickle pie pizza popcorn pretzel pudding "
     "quiche ramen ravioli rice risotto salad salami salsa sausage scone sorbet soup stew sushi "
     "syrup taco tart toast toffee tofu truffle waffle yogurt"},
    {"instrument",
     "accordion bagpipe balalaika banjo bassoon bell bongo bouzouki bugle castanet celesta cello "
     "chime clarinet clavier conga cornet cymbal drum dulcimer fiddle fife flute gamelan gong "
     "guitar harmonica harmonium harp horn kazoo koto lute lyre mandolin maraca marimba oboe "
     "ocarina organ panpipe piano piccolo rattle recorder sarangi sarod saxophone sitar spinet "
     "tabla theremin timpani triangle trombone trumpet tuba ukulele viola violin virginal "
     "whistle xylophone zither"},
});

constexpr TypeWords kPremise = {
    "season",
    "dawn drought dusk equinox fog frost harvest monsoon noon rain snow solstice spring summer "
    "thaw winter"};

constexpr TypeWords kConclusion = {
    "house",
    "Arden Belmor Corwin Dunmar Elstow Farrow Galden Harwick Ismere Joldan Keswin Lorwen Marlow "
    "Norvale Orrin Penrose"};

constexpr std::string_view kNames =
    "Aldor Aleth Almir Alon Amar Amdor Amnis Amun Berdor Bereth Beron Beros Brimun Brieth Brilan "
    "Briral Calar Caldan Caldor Callan Cordan Coreth Cormun Cornis Draia Dralis Dratis Draun "
    "Dula Dulmir Dultis Dulun Elar Eldra Elin Elral Ethdor Ethmun Ethia Ethvin Fala Faleth Falia "
    "Falric Fenmir Fennis Fenon Fenral Gandra Ganeth Ganon Ganos Gorar Gorlan Gordor Gorva Halia "
    "Halin Halmun Halnis Isar Islan Isdor Isric Jordor Jordra Joria Jornis Keldor Kelia Kellan "
    "Kelva Lumdan Lumun Lumva Lumvin Maran Marmun Maros Marral Nordan Nordra Noria Nornis Ordan "
    "Oria Oros Orral Pelan Pelar Peldor Peltis Quinan Quinar Quineth Quinmun Rosan Roseth Rosmir "
    "Rosnis Seldor Seldra Selia Selric Tormir Toron Torva Torvin Ulon Ulos Ultis Ulvin Venon "
    "Venric Ventis Venun Wilis Wilral Wilric Wilun Yaran Yarric Yarun Yarva Zenlan Zenos Zentis "
    "Zenun";

}  // namespace

std::span<const SubjectWords> subject_words() {
  return kSubjects;
}

std::span<const TypeWords> type_words() {
  return kTypes;
}

TypeWords premise_words() {
  return kPremise;
}

TypeWords conclusion_words() {
  return kConclusion;
}

std::string_view name_words() {
  return kNames;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    words.emplace_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return words;
}

}  // namespace moe
