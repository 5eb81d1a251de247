import { type Completed, type CompletedCommand, type CompletedFlag, flagsWithValues } from './completion.ts';

/** Writes the script by which a shell completes commands. */
export type Script = (commands: readonly CompletedCommand[]) => string;

/** Puts a text in single quotes for a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Writes what to complete for each flag with a value, as branches of a shell's `case`. */
function flagBranches(commands: readonly CompletedCommand[], complete: (one: Completed) => string): string {
  return flagsWithValues(commands)
    .map(({ name, value }) => `    ${name}) ${value === undefined ? ':' : complete(value)}; return ;;`)
    .join('\n');
}

/** Writes what to complete for each command, as branches of a `case`: its flags, its first operand, and all later ones. */
function commandBranches(
  commands: readonly CompletedCommand[],
  complete: (one: Completed) => string,
  { flags: completeFlags, isFirst }: { flags: (flags: readonly CompletedFlag[]) => string; isFirst: string },
): string {
  return commands
    .map(({ name, flags, operands }) => {
      const first = operands[0] === undefined ? ':' : complete(operands[0]);
      const later = operands[1] === undefined ? first : complete(operands[1]);
      return `    ${name})
      if [[ $cur == -* ]]; then ${completeFlags(flags)}
      elif ${isFirst}; then ${first}
      else ${later}
      fi ;;`;
    })
    .join('\n');
}

const names = (what: string) => `fairlead names ${what} 2>/dev/null`;

const bash: Script = (commands) => {
  const reply: Record<Completed['kind'], (one: Completed) => string> = {
    choices: (one) => `_fairlead_words ${quote('choices' in one ? one.choices.join(' ') : '')}`,
    files: () => '_fairlead_files -f',
    folders: () => '_fairlead_files -d',
    names: (one) => `_fairlead_words "$(${names('what' in one ? one.what : '')})"`,
    nothing: () => ':',
  };
  const complete = (one: Completed) => reply[one.kind](one);
  return `# Completion of fairlead for bash.
_fairlead_words() {
  # Split, but never expanded: some of the words are names that others gave.
  local word
  while IFS= read -r word; do
    [[ -n $word && $word == "$cur"* ]] && COMPREPLY+=("$word")
  done < <(printf '%s' "$1" | tr -s ' \\n' '\\n'; echo)
}
_fairlead_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}
_fairlead() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  # --flag=value comes as three words.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  case $prev in
${flagBranches(commands, complete)}
  esac
  if [[ $COMP_CWORD -eq 1 && $cur != -* ]]; then
    _fairlead_words ${quote(commands.map(({ name }) => name).join(' '))}
    return
  fi
  [[ $command == -* ]] && command=serve
  case $command in
${commandBranches(commands, complete, {
  flags: (flags) => `_fairlead_words ${quote(flags.map((flag) => flag.name).join(' '))}`,
  isFirst: '[[ $COMP_CWORD -eq 2 ]]',
})}
  esac
}
complete -F _fairlead fairlead
`;
};

const zsh: Script = (commands) => {
  const described = (entries: readonly { readonly name: string; readonly doc: string }[]) =>
    entries.map(({ name, doc }) => quote(`${name}:${doc.replaceAll(/[\\:]/g, '\\$&')}`)).join(' ');
  const complete = (one: Completed): string => {
    switch (one.kind) {
      case 'choices':
        return `compadd -- ${one.choices.join(' ')}`;
      case 'files':
        return '_files';
      case 'folders':
        return '_files -/';
      case 'names':
        return `compadd -- \${(f)"$(${names(one.what)})"}`;
      case 'nothing':
        return ':';
    }
  };
  return `#compdef fairlead
# Completion of fairlead for zsh.
_fairlead() {
  local cur=\${words[CURRENT]} prev=\${words[CURRENT-1]} command=\${words[2]}
  local -a entries
  if [[ $cur == --*=* ]]; then
    prev=\${cur%%=*}
    compset -P '*='
  fi
  case $prev in
${flagBranches(commands, complete)}
  esac
  if (( CURRENT == 2 )) && [[ $cur != -* ]]; then
    entries=(${described(commands)})
    _describe command entries
    return
  fi
  [[ $command == -* ]] && command=serve
  case $command in
${commandBranches(commands, complete, {
  flags: (flags) => `entries=(${described(flags)}); _describe -o option entries`,
  isFirst: '(( CURRENT == 3 ))',
})}
  esac
}
# Found by zsh itself in a folder of $fpath, or sourced.
if [[ \${funcstack[1]} == _fairlead ]]; then
  _fairlead "$@"
else
  compdef _fairlead fairlead
fi
`;
};

const fish: Script = (commands) => {
  const argument = (one: Completed): string => {
    switch (one.kind) {
      case 'choices':
        return `-f -a ${quote(one.choices.join(' '))}`;
      case 'files':
        return '-F';
      case 'folders':
        return `-f -a '(__fish_complete_directories)'`;
      case 'names':
        return `-f -a ${quote(`(${names(one.what)})`)}`;
      case 'nothing':
        return '-f';
    }
  };
  const lines = commands.flatMap(({ name, doc, flags, operands }) => [
    `complete -c fairlead -n __fish_use_subcommand -a ${name} -d ${quote(doc)}`,
    ...operands.map(
      (one) => `complete -c fairlead -n '__fish_seen_subcommand_from ${name}' ${argument(one)}`,
    ),
    ...flags.map((flag) => {
      const value = flag.value === undefined ? '' : ` -r ${argument(flag.value)}`;
      // Without a command, flags are those of serve.
      const where =
        name === 'serve'
          ? `'__fish_use_subcommand; or __fish_seen_subcommand_from serve'`
          : `'__fish_seen_subcommand_from ${name}'`;
      return `complete -c fairlead -n ${where} -l ${flag.name.slice(2)}${value} -d ${quote(flag.doc)}`;
    }),
  ]);
  return ['# Completion of fairlead for fish.', 'complete -c fairlead -f', ...lines, ''].join('\n');
};

export const SHELLS: Readonly<Record<string, Script>> = { bash, zsh, fish };
