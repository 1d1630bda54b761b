# Makes one self-contained document of status.html and the files it names, and
# writes it as a C++ source, with the Content-Security-Policy that allows its
# script and style and nothing else.
#
#   cmake -DFOLDER=DIR -DOUTPUT=FILE -P embed_page.cmake

# A hash in the base 64 that the policy takes: 12 bits are three digits of base
# 16 and two of base 64. SHA-256 has 256 bits, so the last digit is padding.
function(base64_of_hex hex result)
  set(digits
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  string(APPEND hex 00)
  set(text)
  foreach(i RANGE 0 63 3)
    string(SUBSTRING ${hex} ${i} 3 three)
    math(EXPR high "0x${three} / 64")
    math(EXPR low "0x${three} % 64")
    string(SUBSTRING ${digits} ${high} 1 high)
    string(SUBSTRING ${digits} ${low} 1 low)
    string(APPEND text ${high}${low})
  endforeach()
  string(REGEX REPLACE ".$" "=" text ${text})
  set(${result} ${text} PARENT_SCOPE)
endfunction()

# Puts TEXT between the tags of ELEMENT in the place of the first of REFERENCES
# and drops the others. The hash of the text is left in ${ELEMENT}_hash.
function(inline element text references)
  set(inlined "<${element}>${text}</${element}>")
  string(FIND "${text}" "</${element}" early_end)
  if(NOT early_end EQUAL -1)
    message(FATAL_ERROR "status.html: ${element}: ends early")
  endif()
  foreach(reference IN LISTS references)
    string(FIND "${document}" "${reference}" place)
    if(place EQUAL -1)
      message(FATAL_ERROR "status.html: not there: ${reference}")
    endif()
    string(REPLACE "${reference}" "${inlined}" document "${document}")
    set(inlined)
  endforeach()
  string(SHA256 hex "${text}")
  base64_of_hex(${hex} hash)
  set(${element}_hash ${hash} PARENT_SCOPE)
  set(document "${document}" PARENT_SCOPE)
endfunction()

file(READ ${FOLDER}/status.html document)
file(READ ${FOLDER}/status.css style)
inline(style "${style}" [[<link rel="stylesheet" href="status.css">
]])

set(script)
set(references)
foreach(file IN LISTS SCRIPTS)
  file(READ ${FOLDER}/${file} text)
  string(APPEND script "${text}")
  list(APPEND references "<script src=\"${file}\"></script>\n")
endforeach()
inline(script "${script}" "${references}")

set(policy "default-src 'none'; script-src 'sha256-${script_hash}'; \
style-src 'sha256-${style_hash}'; connect-src 'self'; img-src data:; \
base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
require-trusted-types-for 'script'; trusted-types 'none'")

file(WRITE ${OUTPUT} "#include \"tools/serve/status/status_page.h\"

namespace promshm::tools {

const char kStatusPageDocument[] = R\"promshm(${document})promshm\";

const char kStatusPagePolicy[] = R\"promshm(${policy})promshm\";

}  // namespace promshm::tools
")
