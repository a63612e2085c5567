watch('value', () => {
  const { place, text, kind } = props.value;
  studio.end(place);
  studio.say(place, text, kind);
});
